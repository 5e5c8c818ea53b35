"""Calls of I/O objects stand in the doors alone: of the Redis client, of HTTP clients, of transports."""

import ast
from collections.abc import Iterator

import pytest

from tests.test_architecture import DOORS, EACH_HUB_MODULE, HUB, TRANSPORTS, Module, module_of, room

CLIENT_MODULE = "hub.session.redis_client"
CLIENT_NAMES = {"redis", "_redis"}
TRANSPORT_NAMES = {"transport", "_transport"}
COMPOSITION = {"hub.services", "hub.commands.sessions"}  # create the client, hand it to doors, and close it

LOGOUT, SERVICES = HUB["hub.login.logout"], HUB["hub.services"]


def final_name(node: ast.AST) -> str:
    """Return the last part of a dotted name; empty if the node is none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def uses_of(names: set[str], tree: ast.Module) -> Iterator[ast.Attribute]:
    """Yield what is taken from objects of these names. The section `redis` of the settings is no such object."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and final_name(node.value) in names:
            owner = node.value.value if isinstance(node.value, ast.Attribute) else None
            if owner is None or final_name(owner) not in ("settings", "_settings"):
                yield node


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Return where each name comes from that a module imports by `from ... import ...`."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in nodes for alias in node.names}


def mistakes(name: str, tree: ast.Module) -> list[str]:
    """Return the lines of a module that break a rule about I/O objects."""
    found = [f"{node.lineno}: private {node.attr} of another object" for node in private_accesses(tree)]
    if room(name) not in {room(transport) for transport in TRANSPORTS}:
        found += [f"{node.lineno}: {ast.unparse(node)}" for node in uses_of(TRANSPORT_NAMES, tree)]
    if name in COMPOSITION:
        return found + list(handed_on(tree))
    if name not in DOORS["redis"]:
        found += [f"{node.lineno}: {ast.unparse(node)}" for node in uses_of(CLIENT_NAMES, tree)]
        clients = {f"{CLIENT_MODULE}.Redis", f"{CLIENT_MODULE}.connect"} & set(imported_names(tree).values())
        found += [f"imports {client}" for client in sorted(clients)]
    return found


def private_accesses(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Yield accesses to private attributes of objects other than the own one: I/O objects are kept in private attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            owner = node.value
            is_own = isinstance(owner, ast.Name) and owner.id in ("self", "cls", "other")  # the last one in `__eq__`
            if not is_own and not (isinstance(owner, ast.Call) and final_name(owner.func) == "super"):
                yield node


def handed_on(tree: ast.Module) -> Iterator[str]:
    """Yield what a module of the composition does with the client besides closing it and handing it to classes of doors."""
    origins = imported_names(tree)
    allowed = {id(node.value) for node in uses_of(CLIENT_NAMES, tree) if node.attr == "aclose"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            allowed |= {id(target) for target in node.targets}
        elif isinstance(node, ast.Call) and module_of(origins.get(final_name(node.func), "")) in DOORS["redis"]:
            allowed |= {id(argument) for argument in [*node.args, *(keyword.value for keyword in node.keywords)]}
    settings = {id(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and final_name(node.value) == "settings"}
    for node in ast.walk(tree):
        if final_name(node) in CLIENT_NAMES and id(node) not in allowed | settings:
            yield f"{node.lineno}: the client goes elsewhere than to a door"  # type: ignore[attr-defined]


@EACH_HUB_MODULE
def test_io_objects_are_used_in_doors(module: Module) -> None:
    """Nothing outside the doors calls the Redis client or a transport, or reaches into another object for one."""
    assert mistakes(module.name, module.tree) == []


def test_doors_to_redis_keep_their_client() -> None:
    """No door shows its client in a public attribute, where others could take it."""
    public = [
        f"{name}: {ast.unparse(target)}"
        for name in sorted(DOORS["redis"])
        for node in ast.walk(HUB[name].tree)
        if isinstance(node, ast.Assign) and final_name(node.value) == "redis"
        for target in node.targets
        if isinstance(target, ast.Attribute) and not target.attr.startswith("_")
    ]

    assert public == []


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        (LOGOUT, "        self._sessions = sessions\n", "        self._sessions = sessions\n        self._redis.get('x')\n"),
        (LOGOUT, "        self._sessions = sessions\n", "        self._sessions = sessions._store\n"),
        (LOGOUT, "        self._sessions = sessions\n", "        self._transport = clock.transport.write(b'')\n"),
        (LOGOUT, "\n\nlogger", "\nfrom hub.session.redis_client import connect\n\nlogger"),
        (SERVICES, "Logout(self.sessions,", "Logout(self.redis,"),
        (SERVICES, "self.redis.aclose)", "self.redis.get)"),
        (SERVICES, "        faults = RecordFaults(", "        client = self.redis\n        faults = RecordFaults("),
    ],
)
def test_the_rules_see_what_breaks_them(module: Module, before: str, after: str) -> None:
    """Each rule finds a mistake that is put into the code as it stands."""
    text = module.path.read_text(encoding="utf-8")

    assert before in text
    assert mistakes(module.name, ast.parse(text)) == []
    assert mistakes(module.name, ast.parse(text.replace(before, after, 1))) != []
