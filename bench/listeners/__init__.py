"""What a bare request and a WebSocket message cost with the hub's listeners and with other servers for Python."""
