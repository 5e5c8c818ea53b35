"""The mutants of a module: what is changed, and what stays."""

import pytest

from mutation.mutants import find_mutants
from tests.mutation.conftest import MODULE

HEAD = '"""A module."""\n'


def changes(source: str) -> set[str]:
    """Return what the mutants of a source change."""
    return {mutant.difference for mutant in find_mutants("hub/x.py", HEAD + source)}


@pytest.mark.parametrize(
    ("source", "difference"),
    [
        ("x = a < b", "< b -> <= b"),
        ("x = a - b", "a - b -> a + b"),
        ("x = a and b", "a and b -> a"),
        ("x = a and b", "a and b -> b"),
        ("x = a and b", "a and b -> a or b"),
        ("x = not a", "not a -> a"),
        ("x = min(a, b)", "min(a, b) -> max(a, b)"),
        ("x = 4", "4 -> 5"),
        ("x = 4", "4 -> 3"),
        ("x = 'name'", "'name' -> 'nameXX'"),
        ("x = True", "True -> False"),
        ("if a:\n    b = 1", "a -> not a"),
        ("while a:\n    b = 1", "a -> not a"),
        ("work()", "work() -> pass"),
        ("async def f():\n    await work()", "await work() -> pass"),
        ("self.x = y", "self.x = y -> pass"),
        ("self.x += y", "self.x += y -> pass"),
        ("raise ValueError", "raise ValueError -> pass"),
    ],
)
def test_what_is_changed(source: str, difference: str) -> None:
    """Each operator does what its name says."""
    assert difference in changes(source)


@pytest.mark.parametrize(
    "source",
    [
        "import a",
        "x: dict[str, int]",
        '__slots__ = ("a", "b")',
        'logger.info("event", count=1)',
        "logger = log.get(__name__)",
        'T = TypeVar("T")',
        "@dataclass(frozen=True)\nclass X:\n    '''Hold nothing.'''",
        "class X(Struct, frozen=True):\n    'Hold nothing.'",
        'x = "a sentence of prose"',
        "x = y",
    ],
)
def test_what_stays(source: str) -> None:
    """What no test could notice, or what no program could live with."""
    assert changes(source) == set()


def test_mutants_are_python_with_one_change() -> None:
    """Every mutant compiles, differs from the module, and is found where it says."""
    mutants = find_mutants("hub/shop/prices.py", MODULE)
    lines = MODULE.splitlines()
    for mutant in mutants:
        compile(mutant.source, mutant.path, "exec")
        changed = [number for number, line in enumerate(mutant.source.splitlines(), 1) if line != lines[number - 1]]

        assert changed == [mutant.line]
    assert len({mutant.number for mutant in mutants}) == len(mutants) > 10
