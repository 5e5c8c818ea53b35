"""The mutants of a module. Pure: source text in, mutants out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from mutation.operators import OPERATORS

LOGGERS = frozenset({"logger", "_log", "log"})
NOT_MUTATED = frozenset({"__slots__", "__all__", "TypeVar", "ParamSpec"})
LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Attributes:
        path: Of the module, below the root of the project, with slashes.
        line: First line of what is changed.
        lines: First and last line of the statement that it stands in; of statements with a body, of their head.
        number: Tells apart the mutants of a module: the same source has the same ones.
        operator: Name of the function that made it.
    """

    path: str
    line: int
    lines: tuple[int, int]
    number: int
    operator: str
    before: str
    after: str
    _module: cst.Module = field(repr=False, compare=False)
    _old: cst.CSTNode = field(repr=False, compare=False)
    _new: cst.CSTNode = field(repr=False, compare=False)

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"

    @property
    def source(self) -> str:
        """The whole module with the change in it."""
        return cst.ensure_type(self._module.deep_replace(self._old, self._new), cst.Module).code

    @property
    def difference(self) -> str:
        """What is changed, in one line."""
        return f"{self.before} -> {self.after}"


def find_mutants(path: str, source: str) -> list[Mutant]:
    """Return the mutants of a module in the order of its source."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder(path, wrapper.module)
    wrapper.visit(finder)
    return finder.mutants


class _Finder(cst.CSTVisitor):
    """Notes what may be changed in a module. Types, docstrings, decorators, log records and slots stay as they are."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, module: cst.Module) -> None:
        super().__init__()
        self.mutants: list[Mutant] = []
        self._path = path
        self._module = module
        self._lines = (1, 1)
        self._left_alone: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if node in self._left_alone or _stays(node):
            return False
        if isinstance(node, cst.ClassDef):
            self._left_alone.update(node.keywords)  # such as frozen=True
        if isinstance(node, cst.BaseStatement | cst.MatchCase):
            self._lines = self._lines_of(node)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for changed in operator(node):
                    self._note(node, changed, operator.__name__)
        return True

    def _note(self, old: cst.CSTNode, new: cst.CSTNode, operator: str) -> None:
        shown = self._module.code_for_node
        place = self.get_metadata(PositionProvider, _head(old), None)
        if place is None:  # as operators of comparisons have none
            return
        before, after = (_short(" ".join(map(shown, _heads(node)))) for node in (old, new))
        number, line = len(self.mutants), place.start.line
        mutant = Mutant(self._path, line, self._lines, number, operator, before, after, self._module, old, new)
        self.mutants.append(mutant)

    def _lines_of(self, statement: cst.CSTNode) -> tuple[int, int]:
        place = self.get_metadata(PositionProvider, statement)
        body = getattr(statement, "body", None)
        if isinstance(body, cst.IndentedBlock):
            return place.start.line, max(self.get_metadata(PositionProvider, body).start.line - 1, place.start.line)
        return place.start.line, place.end.line


def _stays(node: cst.CSTNode) -> bool:
    """Tell whether a node and all that is in it is left alone."""
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.TypeAlias):
        return True
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.BaseString) or _called(node.value).split(".")[0] in LOGGERS
    if isinstance(node, cst.Assign):
        names = {target.target.value for target in node.targets if isinstance(target.target, cst.Name)}
        return not names.isdisjoint(NOT_MUTATED) or _called(node.value) in NOT_MUTATED
    return False


def _called(node: cst.BaseExpression) -> str:
    """Return the dotted name of what an expression calls; empty if it calls nothing that has one."""
    if not isinstance(node, cst.Call):
        return ""
    parts: list[str] = []
    function = node.func
    while isinstance(function, cst.Attribute):
        parts.append(function.attr.value)
        function = function.value
    return ".".join([function.value, *reversed(parts)]) if isinstance(function, cst.Name) else ""


def _heads(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the parts of a node that name it: of statements with a body the condition, else all of it."""
    if isinstance(node, cst.If | cst.While):
        yield node.test
    elif isinstance(node, cst.Match):
        yield node.subject
        yield from (case.pattern for case in node.cases)
    else:
        yield node


def _head(node: cst.CSTNode) -> cst.CSTNode:
    return next(_heads(node))


def _short(text: str) -> str:
    line = " ".join(text.split()) or "pass"
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 3] + "..."
