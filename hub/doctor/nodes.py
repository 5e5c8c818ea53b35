"""Compares the nodes that share one Redis: each needs the session keys and the providers of the others. Pure."""

from collections.abc import Sequence

from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.session.node_description import Lacking, NodeDescription, lacking

CHECK = "nodes"
ABOUT = "redis.url"


def compare_nodes(descriptions: Sequence[NodeDescription]) -> list[Finding]:
    """Return a finding for each thing that a node lacks.

    Parameters:
        descriptions: Of all worker processes of all nodes.
    """
    if not descriptions:
        advice = "Start the hubs, and run hub doctor again."
        return [skipped(CHECK, ABOUT, "no hub is running on it, or only former releases", advice)]
    nodes = {(each.name, each.keys, tuple(sorted(each.providers.items()))): each for each in descriptions}
    found = [finding for _, node in sorted(nodes.items()) for finding in _findings(node, lacking(node, descriptions))]
    names = ", ".join(sorted({each.name for each in descriptions}))
    return found or [ok(CHECK, ABOUT, f"have the same session keys and providers: {names}")]


def _findings(node: NodeDescription, missing: Lacking) -> list[Finding]:
    give_key = "Give it the key (session.key_dir or session.key_files)."
    found = []
    for key in sorted(missing.encrypting):
        message = f"lacks the session key {key}, with which another node encrypts: it asks the users of that node to log in again"
        found.append(failure(CHECK, node.name, message, give_key))
    for key in sorted(missing.decrypting):
        message = f"lacks the session key {key}, which another node has: it cannot read sessions that were encrypted with it"
        found.append(warning(CHECK, node.name, message, f"{give_key} If it was taken out on purpose, take it out everywhere."))
    for name, issuer in sorted(missing.providers):
        message = f"lacks the provider {name} ({issuer}), which another node has: it asks the users of {name} to log in again"
        found.append(failure(CHECK, node.name, message, "Give all nodes the same [[providers]]."))
    return found
