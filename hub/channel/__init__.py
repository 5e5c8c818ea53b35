"""The channel: REST requests multiplexed over one WebSocket (docs/channel-protocol.md). Knows no WebSocket library.

`connection` is the protocol without I/O, `driver` the asynchronous shell of one channel, `registry` all channels of a
worker.
"""
