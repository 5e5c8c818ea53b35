"""A receiver that discards the body of a request that was already answered or upgraded."""


class DiscardBody:
    """Discards the body."""

    def data_received(self, data: bytes) -> None:
        """Discard a segment of the body."""

    def finish(self) -> None:
        """Do nothing."""

    def on_connection_close(self) -> None:
        """Do nothing."""
