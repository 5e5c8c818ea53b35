"""HTTP/1.1 and WebSocket as the hub speaks them to browsers: bytes on one side, requests and messages on the other.

It knows nothing of sessions, tokens or routes, and judges nothing but the protocol. Two kinds of receivers stand behind it:
rooms of our own, which take an `Exchange` (the API, the channel), and Tornado's application, for everything else.
"""
