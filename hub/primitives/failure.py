"""The base of failures that callers handle, as opposed to defects."""


class ExpectedFailure(Exception):
    """A failure that callers handle. It is not a defect, so no traceback is logged for it."""
