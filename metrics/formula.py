"""Formulas of the pack: names, whole numbers and + - * / over measures, computed exactly."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from metrics.reading import Number, Reading, count, ratio


class FormulaError(ValueError):
    """A formula that cannot be read."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula; `measures` are the names it needs, in order of appearance."""

    text: str
    tree: ast.expr
    measures: tuple[str, ...]

    @property
    def is_ratio(self) -> bool:
        """Whether the formula is one division at its top: a rate with numerator and denominator."""
        return isinstance(self.tree, ast.BinOp) and isinstance(self.tree.op, ast.Div)

    @property
    def below(self) -> tuple[str, ...]:
        """The measures a rate is divided by; none for what is no rate."""
        tree = self.tree.right if isinstance(self.tree, ast.BinOp) and self.is_ratio else None
        return tuple(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))) if tree else ()

    def reading(self, sums: Mapping[str, Number]) -> Reading:
        """The formula's value over sums of its measures; a rate of nothing is missing."""
        if isinstance(self.tree, ast.BinOp) and isinstance(self.tree.op, ast.Div):
            return ratio(_value(self.tree.left, sums), _value(self.tree.right, sums))
        return count(_value(self.tree, sums))


def parse(text: str) -> Formula:
    """Read a formula such as `(a + b) / c`; FormulaError names what it cannot hold."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise FormulaError(
            f"{text!r} is not a formula: {error.msg}. Write something like first_visits / leads."
        ) from None
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise FormulaError(f"{text!r} holds {type(node).__name__}. Use names, whole numbers, + - * / and brackets.")
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return Formula(text, tree, tuple(dict.fromkeys(names)))


_ALLOWED = (
    ast.BinOp, ast.Name, ast.Load, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UnaryOp, ast.USub,
)  # fmt: skip


def _value(node: ast.expr, sums: Mapping[str, Number]) -> Number:
    match node:
        case ast.Name(id=name):
            return sums[name]
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(operand=operand):
            return -_value(operand, sums)
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, _value(left, sums), _value(right, sums))
    raise FormulaError(f"{ast.unparse(node)} is not a name or a whole number.")


def _combine(op: ast.operator, left: Number, right: Number) -> Number:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
    return Fraction(left) / Fraction(right)
