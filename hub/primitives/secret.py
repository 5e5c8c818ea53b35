"""Secrets that must not be printed: tokens, codes, verifiers, session IDs, client secrets."""

import hashlib
import hmac


class Secret:
    """A secret string. It appears as `Secret(***)` when it is printed, formatted or logged.

    Only the module that sends the secret to its party, and the codec that encrypts it, call `reveal`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret in clear text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


def digest(value: str) -> str:
    """Return the SHA-256 of `value` in hexadecimal. It names a secret of 256 random bits in Redis without revealing it."""
    return hashlib.sha256(value.encode()).hexdigest()
