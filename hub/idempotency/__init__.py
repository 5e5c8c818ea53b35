"""Requests with a key are executed at most once, whatever happens to sockets and nodes; their answers are kept for a while."""
