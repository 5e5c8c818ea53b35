"""Who receives a request that nobody reads on: it was answered, or upgraded, by its head."""


class DiscardBody:
    """Drops everything."""

    def data_received(self, data: bytes) -> None:
        """Drop it."""

    def finish(self) -> None:
        """Do nothing."""

    def on_connection_close(self) -> None:
        """Do nothing."""
