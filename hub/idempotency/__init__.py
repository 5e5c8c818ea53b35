"""Requests with an idempotency key: they run at most once, even if sockets or nodes fail, and their responses are stored."""
