"""The channel: many requests over one WebSocket (docs/channel-protocol.md). Independent of any WebSocket library.

`connection` implements the protocol without I/O. `driver` is the asynchronous shell of one channel. `registry` holds all
channels of a worker.
"""
