"""What a mutation may be: mutmut's operators, without those that only make noise here, and those that mutmut lacks. Pure.

Left out of mutmut's are arguments and values replaced by None, which fail with a `TypeError` nearly always and would be half
of every sample, and changes of prose. Added is what reviews of the hub have asked for: is each guard, each call, each change of
state and each half of a condition needed?
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Operator = tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]]

LEFT_OUT = frozenset({mutators.operator_arg_removal, mutators.operator_assignment, mutators.operator_string})
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def remove_statement(node: cst.Expr) -> Iterator[cst.CSTNode]:
    """Leave out a call whose result nobody uses."""
    value = node.value.expression if isinstance(node.value, cst.Await) else node.value
    if isinstance(value, cst.Call):
        yield cst.Pass(semicolon=node.semicolon)


def remove_state_change(node: cst.Assign | cst.AugAssign) -> Iterator[cst.CSTNode]:
    """Leave an attribute or a member as it was."""
    targets = [node.target] if isinstance(node, cst.AugAssign) else [each.target for each in node.targets]
    if all(isinstance(target, cst.Attribute | cst.Subscript) for target in targets):
        yield cst.Pass(semicolon=node.semicolon)


def remove_raise(node: cst.Raise) -> Iterator[cst.CSTNode]:
    """Go on where an error should be raised."""
    yield cst.Pass(semicolon=node.semicolon)


def drop_operand(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    """Leave out one side of `and` or `or`."""
    yield node.left
    yield node.right


def negate_condition(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """Take the other branch. Comparisons and `not` are turned round by mutmut's operators already."""
    test = node.test
    if not isinstance(test, cst.Comparison | cst.UnaryOperation | cst.BooleanOperation) and not _is_constant(test):
        inner = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if isinstance(test, cst.NamedExpr) else test
        yield node.with_changes(test=cst.UnaryOperation(operator=cst.Not(), expression=inner))


def swap_function(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Call `max` in place of `min`, `all` in place of `any`, and the other way round."""
    if isinstance(node.func, cst.Name) and node.func.value in OPPOSITES:
        yield node.with_changes(func=node.func.with_changes(value=OPPOSITES[node.func.value]))


def change_name(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """Change a text that is a name, not prose: a claim, a header, a key."""
    content = node.raw_value
    if content and not any(character.isspace() for character in content) and node.quote in ("'", '"'):
        yield node.with_changes(value=f"{node.prefix}{node.quote}{content}XX{node.quote}")


def shorten(node: cst.Integer | cst.Float) -> Iterator[cst.CSTNode]:
    """Make a number smaller by one; mutmut makes it larger."""
    if node.evaluated_value >= 1:
        yield node.with_changes(value=repr(node.evaluated_value - 1))


OPERATORS: tuple[Operator, ...] = (
    *((kind, operator) for kind, operator in mutators.mutation_operators if operator not in LEFT_OUT),
    (cst.Expr, remove_statement),
    (cst.Assign, remove_state_change),
    (cst.AugAssign, remove_state_change),
    (cst.Raise, remove_raise),
    (cst.BooleanOperation, drop_operand),
    (cst.If, negate_condition),
    (cst.While, negate_condition),
    (cst.Call, swap_function),
    (cst.SimpleString, change_name),
    (cst.Integer, shorten),
    (cst.Float, shorten),
)


def _is_constant(test: cst.BaseExpression) -> bool:
    return isinstance(test, cst.Name) and test.value in ("True", "False", "TYPE_CHECKING")
