"""Tokens for requests to APIs: when they are due, how they are refreshed, and which request gets which token."""
