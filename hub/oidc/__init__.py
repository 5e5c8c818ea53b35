"""The OpenID Connect relying party (OpenID Connect Core 1.0, RFC 6749): logs users in and refreshes tokens.

It knows no sessions, no Redis and no handlers. Most modules are pure: they build a request or process a response, and the caller
passes the time in. `http_client`, `client_calls`, `provider_documents`, `token_checks` and `provider` do the I/O.
"""
