"""The Autobahn suite for WebSocket servers against the hub's protocol and against plain Tornado."""
