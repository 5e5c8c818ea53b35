"""The base of failures that callers handle, as opposed to defects."""


class ExpectedFailure(Exception):
    """A failure that the code foresees: somebody handles it, and no traceback is logged for it."""
