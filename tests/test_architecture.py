"""The house rules that a machine can check: layers, doors, cycles, purity, clocks, docstrings, state. Imports nothing of ours."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent

LAYERS: list[set[str]] = [  # from the ground up; a module imports from its own room and from below
    {"hub.primitives"},
    {"hub", "hub.errors"},
    {"hub.config"},
    {"hub.telemetry"},
    {"hub.upstream", "hub.oidc"},
    {"hub.session"},
    {"hub.topics"},
    {"hub.tokens"},
    {"hub.gateway", "hub.login"},
    {"hub.idempotency"},
    {"hub.dispatch"},
    {"hub.channel"},
    {"hub.event_reactions"},
    {"hub.doctor"},
    {"hub.listener"},
    {"hub.web"},
    {"hub.iris"},
    {"hub.services"},
    {"hub.application"},
    {"hub.process"},
    {"hub.commands"},
    {"hub.cli"},
    {"hub.__main__"},
]

DOORS: dict[str, set[str]] = {
    "tornado": {
        *("hub.application", "hub.process.server"),  # and hub.web
        *("hub.listener.tornado_requests", "hub.listener.tornado_listener", "hub.listener.tornado_websocket"),
        *("hub.listener.guarded_stream", "hub.listener.mask"),
    },
    "httptools": {"hub.listener.reader", "hub.upstream.response"},
    "redis": {
        "hub.session.attempts",
        "hub.doctor.store",
        "hub.session.store",
        "hub.session.refresh_lock",
        "hub.session.event_feed",
        "hub.session.redis_client",
        "hub.session.redis_faults",
        "hub.session.failure_limit",
        "hub.session.last_channel",
        "hub.session.revocations",
        "hub.session.upstream_jars",
        "hub.session.due_queue",
        "hub.session.logout_tokens",
        "hub.session.node_registry",
        "hub.idempotency.ledger",
        "hub.topics.publisher_topics",
        "hub.topics.store",
        "hub.process.embedded_redis",
    },
    "aiohttp": {
        "hub.oidc.http_client",
        "hub.gateway.websocket_door",
        "hub.doctor.web",
    },
    "aiohappyeyeballs": {"hub.upstream.pool"},
}

# Who opens sockets, or speaks over them, without one of the libraries above.
TRANSPORTS = {
    "hub.upstream.connection",
    "hub.upstream.pool",
    "hub.listener.wire",
    "hub.listener.listener",
}
TRANSPORT_CALLS = {"create_connection", "create_server", "create_datagram_endpoint", "open_connection", "sock_connect"}
PROTOCOLS = {"asyncio.Protocol", "asyncio.BufferedProtocol"}

PURE = {
    "hub.channel.admission",
    "hub.channel.bodies",
    "hub.channel.browser_headers",
    "hub.channel.close_codes",
    "hub.channel.codec",
    "hub.channel.connection",
    "hub.channel.downloads",
    "hub.channel.end_warnings",
    "hub.channel.events",
    "hub.channel.liveness",
    "hub.channel.messages",
    "hub.channel.outbox",
    "hub.channel.requests",
    "hub.channel.uploads",
    "hub.config.allowed_providers",
    "hub.config.content_policies",
    "hub.config.header_names",
    "hub.config.hosts",
    "hub.config.presets",
    "hub.config.settings",
    "hub.doctor.findings",
    "hub.doctor.nodes",
    "hub.doctor.product",
    "hub.errors",
    "hub.gateway.api_profile",
    "hub.gateway.challenge",
    "hub.gateway.content_isolation",
    "hub.gateway.error_body",
    "hub.gateway.fhir",
    "hub.gateway.headers",
    "hub.gateway.message_signature",
    "hub.gateway.paths",
    "hub.gateway.policy",
    "hub.gateway.private_caching",
    "hub.gateway.rate_limits",
    "hub.gateway.routes",
    "hub.idempotency.budget",
    "hub.idempotency.outcome",
    "hub.iris.api",
    "hub.iris.dialect",
    "hub.iris.error_documents",
    "hub.iris.native_messages",
    "hub.iris.reserved",
    "hub.iris.reserved_fields",
    "hub.listener.frames",
    "hub.listener.handshake",
    "hub.listener.head",
    "hub.listener.strict_head",
    "hub.listener.mask",
    "hub.listener.reader",
    "hub.login.login_parameters",
    "hub.login.return_url",
    "hub.oidc.authorization",
    "hub.oidc.circuit_breaker",
    "hub.oidc.client_authentication",
    "hub.oidc.clock_difference",
    "hub.oidc.dialect",
    "hub.oidc.end_session",
    "hub.oidc.grants",
    "hub.oidc.id_token",
    "hub.oidc.jwks",
    "hub.oidc.logout_token",
    "hub.oidc.metadata",
    "hub.oidc.provider_response",
    "hub.oidc.pushed_authorization",
    "hub.oidc.signed_jwt",
    "hub.oidc.token_endpoint",
    "hub.oidc.userinfo",
    "hub.primitives.backoff",
    "hub.primitives.bounded_cache",
    "hub.primitives.failure",
    "hub.primitives.json_decoder",
    "hub.primitives.secret",
    "hub.primitives.token_bucket",
    "hub.session.codec",
    "hub.session.cookie",
    "hub.session.ends",
    "hub.session.event_codec",
    "hub.session.events",
    "hub.session.jar",
    "hub.session.listing",
    "hub.session.model",
    "hub.session.node_description",
    "hub.session.publisher_sequences",
    "hub.session.redis_address",
    "hub.session.store_outage",
    "hub.telemetry.request_tally",
    "hub.tokens.backoff",
    "hub.tokens.demand",
    "hub.tokens.schedule",
    "hub.topics.audience",
    "hub.topics.entry",
    "hub.topics.first_positions",
    "hub.topics.model",
    "hub.topics.publication",
    "hub.upstream.failure",
    "hub.upstream.bulkheads",
    "hub.upstream.request",
    "hub.upstream.response",
    "hub.web.client_address",
    "hub.web.csrf",
    "hub.web.hub_headers",
    "hub.web.locales",
    "hub.web.navigation",
    "hub.web.response_headers",
}

IMPURE_LIBRARIES = {"asyncio", "socket", "ssl", "os", "subprocess", "shutil", "pathlib", "tempfile", "logging", "structlog"}

CLOCK_CALLS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "time.sleep",
    "asyncio.sleep",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}

CLOCK_OWNERS = {
    "hub.primitives.clock": CLOCK_CALLS,
    "hub.process.supervisor": {"time.monotonic", "asyncio.sleep"},  # both wait for real processes, which no test clock moves
    "hub.process.embedded_redis": {"asyncio.sleep"},
}

OUTER_LOOPS = {
    "hub.primitives.task_supervisor",
    "hub.channel.running",
    *("hub.listener.connection", "hub.listener.websocket", "hub.listener.tornado_listener"),
    "hub.tokens.refresh_worker",
    "hub.web.events",
    "hub.web.proxy",
    "hub.web.websocket_proxy",
}  # web/base.py gets Tornado's own outer loop through log_exception

PRODUCT = re.compile("iris|csp", re.IGNORECASE)
PRODUCT_SETTINGS = {"iris_errors", "iris_native", "/?IRISLogout=end"}  # settings and their values stay named as they are
PRODUCT_NAMERS = {  # who else may name IRIS, and why
    "hub.config.route_rules": "mistakes in settings are shown with an example of the right value",
    "hub.errors": "the type of a problem is a contract with clients: iris-license-exhausted",
    "hub.services": "builds the hub with the profile of IRIS",
    "hub.commands.doctor": "builds the doctor with the knowledge about IRIS",
}
TASK_MAKERS = {"create_task", "ensure_future", "TaskGroup"}

MUTATORS = {"append", "add", "update", "pop", "popitem", "clear", "setdefault", "extend", "insert", "remove", "discard", "sort"}


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> list[str]:
        """The full names of what it imports, wherever in the file."""
        found: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports by dots"
                found += [f"{node.module}.{alias.name}" for alias in node.names]
        return found

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods in it."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def read(package: str) -> dict[str, Module]:
    """Return the modules of a package by their dotted names."""
    found = {}
    for path in sorted((PROJECT / package).rglob("*.py")):
        name = ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = Module(name, path)
    return found


HUB = read("hub")
STANDIN = read("iris_standin")
CLIENT = read("hub_client")
EACH_HUB_MODULE = pytest.mark.parametrize("module", HUB.values(), ids=HUB)


def module_of(imported: str) -> str | None:
    """Return the module of the hub that an imported name stands in; None if it is none of ours."""
    while imported and imported not in HUB:
        imported = imported.rpartition(".")[0]
    return imported or None


def inner_imports(module: Module) -> set[str]:
    """Return the modules of the hub that `module` imports."""
    return {name for imported in module.imports if (name := module_of(imported))} - {module.name}


def room(name: str) -> str:
    """Return the package below `hub`, or the module itself where it stands alone."""
    return ".".join(name.split(".")[:2])


def floor(name: str) -> int:
    """Return the index of a module's layer."""
    floors = [index for index, layer in enumerate(LAYERS) if room(name) in layer]
    assert floors, f"{name} is in none of LAYERS"
    return floors[0]


def called(node: ast.AST) -> str:
    """Return the last two parts of a dotted name."""
    return ".".join(ast.unparse(node).split(".")[-2:])


@EACH_HUB_MODULE
def test_imports_point_down(module: Module) -> None:
    """A module imports from its own room or from a lower floor, never from above and never from the room beside it."""
    assert [
        name for name in sorted(inner_imports(module)) if room(name) != room(module.name) and floor(name) >= floor(module.name)
    ] == []


ALONE = ("hub.listener", "hub.upstream")
NAMES_OF_ROOMS = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(*{".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("hub.")})
"""


@pytest.mark.parametrize("name", ALONE)
def test_rooms_that_stand_alone(name: str) -> None:
    """The server and the client of HTTP/1.1 can be taken out of the hub: they bring nothing along but the primitives."""
    modules = [module for module in HUB if room(module) == name]
    command = [sys.executable, "-c", NAMES_OF_ROOMS, *modules]
    imported = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.split()

    assert name in imported
    assert set(imported) - {name, "hub.primitives"} == set()


def product_mentions(tree: ast.Module) -> Iterator[str]:
    """Yield identifiers, imported names and strings, without docstrings, in which a product is named."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        named = [getattr(node, part, None) for part in ("id", "attr", "name", "arg", "module")]
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            named.append(node.value)
        yield from (text for text in named if isinstance(text, str) and PRODUCT.search(text))


@EACH_HUB_MODULE
def test_generic_code_names_no_product(module: Module) -> None:
    """What is peculiar to IRIS stands in `hub/iris/`: all other code reaches it through a profile that it was built with."""
    mentions = set(product_mentions(module.tree)) - PRODUCT_SETTINGS

    if room(module.name) != "hub.iris":
        assert bool(mentions) == (module.name in PRODUCT_NAMERS), mentions


def test_no_import_cycle() -> None:
    """No module imports itself, over however many others."""
    graph = {name: inner_imports(module) - {"hub"} for name, module in HUB.items()}
    while leaves := {name for name, imported in graph.items() if not imported}:
        graph = {name: imported - leaves for name, imported in graph.items() if name not in leaves}
    while roots := set(graph) - {name for imported in graph.values() for name in imported}:
        graph = {name: imported for name, imported in graph.items() if name not in roots}  # they only lead to the cycle

    assert graph == {}


def test_a_class_name_stands_once() -> None:
    """A name leads to one class: whoever reads or searches for it needs no module name beside it. Private classes count too."""
    homes: dict[str, list[str]] = {}
    for name, module in HUB.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(name)

    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


@EACH_HUB_MODULE
def test_doors(module: Module) -> None:
    """The library that talks to a party is imported by the door of that party alone."""
    libraries = {name.partition(".")[0] for name in module.imports} & set(DOORS)
    if room(module.name) == "hub.web":
        libraries.discard("tornado")

    assert {library for library in libraries if module.name not in DOORS[library]} == set()


@EACH_HUB_MODULE
def test_public_names_of_libraries(module: Module) -> None:
    """Only public names of these libraries are imported: their next release may lack the private ones."""
    imported = [name for name in module.imports if name.partition(".")[0] in DOORS]

    assert [name for name in imported if "._" in name] == []


@EACH_HUB_MODULE
def test_transports(module: Module) -> None:
    """Bytes cross without a library in the connections of browsers and of the door to resource servers alone."""
    calls = {called(node.func).rpartition(".")[2] for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    protocols = {called(base) for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) for base in node.bases}

    assert not (calls & TRANSPORT_CALLS or protocols & PROTOCOLS) or module.name in TRANSPORTS


def test_doors_exist() -> None:
    """Each module that the lists of this file name is there: a list that names nothing checks nothing."""
    named = {*PURE, *CLOCK_OWNERS, *OUTER_LOOPS, *TRANSPORTS, *(name for names in DOORS.values() for name in names)}

    assert named - set(HUB) == set()
    assert {room(name) for name in HUB} == {name for layer in LAYERS for name in layer}


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules(name: str) -> None:
    """A pure module has no coroutine in it, opens no file or socket, and writes no log. It may create random values."""
    module = HUB[name]
    asynchronous = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    opened = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "open"]

    assert [node for node in ast.walk(module.tree) if isinstance(node, asynchronous)] == []
    assert {imported.partition(".")[0] for imported in module.imports} & IMPURE_LIBRARIES == set()
    assert [imported for imported in module.imports if imported.startswith("hub.telemetry.log")] == []
    assert opened == []


def test_what_says_that_it_is_pure() -> None:
    """The docstring of a module says so only if the module is held to it."""
    saying = {name for name, module in HUB.items() if "Pure" in (ast.get_docstring(module.tree) or "")}

    assert saying - PURE == set()


@EACH_HUB_MODULE
def test_one_clock(module: Module) -> None:
    """Time is read and waited for through the injected clock."""
    used = {called(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)} & CLOCK_CALLS
    by_name = {name for name in module.imports if called(ast.parse(name)) in CLOCK_CALLS}

    assert used - CLOCK_OWNERS.get(module.name, set()) == set()
    assert by_name == set(), "import the module, so that this test sees the call"


@EACH_HUB_MODULE
def test_outer_loops(module: Module) -> None:
    """`except Exception` stands in the outer loops alone; everywhere else errors are named."""
    nets = [
        handler.lineno
        for handler in ast.walk(module.tree)
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or {"Exception", "BaseException"} & names_in(handler.type))
    ]

    assert nets == [] or module.name in OUTER_LOOPS


@EACH_HUB_MODULE
def test_literals_are_written_plainly(module: Module) -> None:
    """No literal is unpacked into another one only to be formatted otherwise."""
    unpacked = [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.Starred) and is_constant(node.value)]

    assert unpacked == []


def is_constant(node: ast.AST) -> bool:
    """Tell whether a tuple, list or set holds constants alone."""
    return isinstance(node, ast.Tuple | ast.List | ast.Set) and all(isinstance(each, ast.Constant) for each in node.elts)


@pytest.mark.parametrize("module", [*HUB.values(), *CLIENT.values()], ids=[*HUB, *CLIENT])
def test_tasks_have_owners(module: Module) -> None:
    """Only the primitives create tasks: elsewhere none could be forgotten, or end without a word."""
    named = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)} | names_in(module.tree)

    assert not named & TASK_MAKERS or room(module.name) == "hub.primitives"


JSON_READER = re.compile(r"json\.(decode|Decoder|JSONDecoder|loads?)$|\.json_decode$|\.get_unverified_(header|claims)$")


@EACH_HUB_MODULE
def test_one_json_decoder(module: Module) -> None:
    """Only the bounded decoder decodes JSON: elsewhere deep nesting or invalid UTF-8 would be an unforeseen exception."""
    chains = {ast.unparse(node) for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)} - {"tomllib.loads"}
    found = {chain for chain in chains if JSON_READER.search(chain)}

    assert found == set() or module.name == "hub.primitives.json_decoder"
    assert [name for name in module.imports if JSON_READER.search(name)] == []


def test_primitives_know_nothing_of_the_hub() -> None:
    """Importing all of them loads no other module of the hub."""
    names = [name for name in HUB if room(name) == "hub.primitives"]
    script = f"import sys, {', '.join(names)}; print(*sorted(name for name in sys.modules if name.split('.')[0] == 'hub'))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == sorted(["hub", *names])


def names_in(node: ast.AST) -> set[str]:
    """Return the plain names in an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


@pytest.mark.parametrize("module", [*HUB.values(), *STANDIN.values()], ids=[*HUB, *STANDIN])
def test_docstrings(module: Module) -> None:
    """Every module and every public class and function says what it is for."""
    assert ast.get_docstring(module.tree), "the module has none"
    assert list(undocumented(module.tree)) == []


def undocumented(parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Yield public definitions without a docstring. A method that a base or a protocol of ours documents needs none."""
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not is_documented_elsewhere(parent, node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node)


def is_documented_elsewhere(parent: ast.Module | ast.ClassDef, node: ast.AST) -> bool:
    """Tell whether `node` implements what Tornado or the protocol `Clock` describes, or sets a documented property."""
    if not isinstance(parent, ast.ClassDef) or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    is_setter = any(ast.unparse(decorator).endswith(".setter") for decorator in node.decorator_list)
    overrides_tornado = any("Handler" in ast.unparse(base) for base in parent.bases) and node.name in TORNADO_HOOKS
    return is_setter or overrides_tornado or parent.name == "SystemClock"


TORNADO_HOOKS = {
    "initialize",
    "prepare",
    "get",
    "head",
    "post",
    "put",
    "patch",
    "delete",
    "options",
    "data_received",
    "set_default_headers",
    "set_headers",
    "set_extra_headers",
    "get_cache_time",
    "on_finish",
    "open",
    "on_message",
}


def test_product_and_standin_are_strangers() -> None:
    """The hub knows nothing of the stand-in for IRIS, and the stand-in nothing of the hub."""
    assert [name for name, module in HUB.items() if any(i.startswith("iris_standin") for i in module.imports)] == []
    assert [name for name, module in STANDIN.items() if any(i.split(".")[0] == "hub" for i in module.imports)] == []


@EACH_HUB_MODULE
def test_patterns_end_at_the_end(module: Module) -> None:
    r"""No regular expression ends with `$`, which a line feed at the end passes: `\Z` or `fullmatch` says what is meant."""
    loose = [ast.unparse(node) for node in ast.walk(module.tree) for text in patterns_in(node) if has_dollar(text)]

    assert loose == []


def test_dollar_is_found() -> None:
    """The scan sees `$` in each form of a pattern, and not where it is a plain character."""
    code = """
re.compile("a$"); re.search(rb"(x|y$)", b""); Meta(pattern=f"^{KEY.pattern}$"); re.compile("a" f"{B}" "$")
re.compile("[$]"); re.compile(r"a\\$"); re.compile("(?m:^$)"); print("5 $"); re.sub("a", "$", text)
"""
    found = [has_dollar(text) for node in ast.walk(ast.parse(code)) for text in patterns_in(node)]

    assert sorted(found) == [False] * 3 + [True] * 5


def patterns_in(node: ast.AST) -> Iterator[str]:
    """Yield the regular expressions that a call names: the first argument of `re`'s functions, and arguments `pattern`."""
    if not isinstance(node, ast.Call):
        return
    given = [keyword.value for keyword in node.keywords if keyword.arg == "pattern"]
    if called(node.func).startswith("re.") and node.args:
        given.append(node.args[0])
    for value in given:
        yield text_of(value)


def text_of(node: ast.expr) -> str:
    """Return the text of a literal, with a letter for each name in it."""
    match node:
        case ast.Constant(value=bytes(data)):
            return data.decode("latin-1")
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return text_of(left) + text_of(right)
        case _:
            return "x"


def has_dollar(pattern: str) -> bool:
    """Return whether a pattern tests for the end in the way that accepts a line feed after it."""
    return is_end(re._parser.parse(pattern))  # type: ignore[attr-defined]


def is_end(item: Any) -> bool:
    """Return whether a part of a parsed pattern, or any part of it, is `$`."""
    if isinstance(item, tuple) and len(item) == 2 and str(item[0]) == "AT":
        return str(item[1]) == "AT_END"
    parts = item if isinstance(item, tuple | list) else getattr(item, "data", [])
    return any(is_end(part) for part in parts)


@EACH_HUB_MODULE
def test_no_module_level_state(module: Module) -> None:
    """Module level holds constants, types, loggers and codecs; nothing there is ever written to, and nothing is cached."""
    names = set(module_level_names(module))
    written = sorted(f"{function.name}: {target}" for function in module.functions for target in writes(function, names))

    assert [name for name in names if not is_constant_type_or_logger(name)] == []
    assert written == []
    assert [name for name in module.imports if name in {"functools.cache", "functools.lru_cache"}] == []


def module_level_names(module: Module) -> Iterator[str]:
    """Yield the names that are assigned at module level."""
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            yield from sorted(names_in(target))


def is_constant_type_or_logger(name: str) -> bool:
    """Tell whether the name is UPPER_CASE, a CamelCase type, a logger, or a private codec, which holds no state."""
    bare = name.strip("_")
    is_type = bare[:1].isupper() and "_" not in bare
    return bare.isupper() or is_type or bare in ALLOWED_LOWER_CASE or bare.startswith(("decode", "encode"))


ALLOWED_LOWER_CASE = {"logger", "log", "version", "decoder", "encoder", "all"}


def writes(function: ast.FunctionDef | ast.AsyncFunctionDef, names: set[str]) -> Iterator[str]:
    """Yield what a function does to change a module-level name."""
    local = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            yield f"global {', '.join(node.names)}"
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from ({ast.unparse(node.value)} & names) - local
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            yield from ({ast.unparse(node.func.value)} & names) - local
