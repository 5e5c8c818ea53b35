"""What a node has, and what it lacks of what other nodes have. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec


class NodeDescription(msgspec.Struct, frozen=True):
    """What one worker process of a node has.

    Attributes:
        name: Host and port of the node, for operators.
        process: Process ID. The workers of a node differ in nothing else, except while its keys change.
        keys: IDs of its session keys, the encrypting key first.
        providers: The issuers of its providers by their names.
    """

    name: str
    process: int
    keys: tuple[str, ...]
    providers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lacking:
    """What one node lacks of what others have.

    Attributes:
        encrypting: IDs of session keys with which others encrypt: this node cannot read what they write.
        decrypting: IDs of other session keys: this node cannot read older records.
        providers: Names and issuers of providers.
    """

    encrypting: frozenset[str]
    decrypting: frozenset[str]
    providers: frozenset[tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.encrypting or self.decrypting or self.providers)


def lacking(node: NodeDescription, others: Iterable[NodeDescription]) -> Lacking:
    """Return what `node` lacks of what `others` have."""
    encrypting: set[str] = set()
    decrypting: set[str] = set()
    providers: set[tuple[str, str]] = set()
    for other in others:
        encrypting.update(other.keys[:1])
        decrypting.update(other.keys[1:])
        providers.update(other.providers.items())
    encrypting -= set(node.keys)
    return Lacking(
        frozenset(encrypting),
        frozenset(decrypting - encrypting - set(node.keys)),
        frozenset(providers - set(node.providers.items())),
    )
