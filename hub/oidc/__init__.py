"""The relying party (OpenID Connect Core 1.0, RFC 6749): logs people in at an OpenID Provider, keeps tokens fresh.

It knows no sessions, no Redis and no handlers. All modules but `provider` are pure: they build a request or process a
response, and are handed the time.
"""
