"""The cost of a bare request and a WebSocket message with the hub's listeners and with other servers for Python."""
