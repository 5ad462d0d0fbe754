"""The ways to spoil a file of the library, one node of its syntax tree at a time."""

import ast
import contextlib
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_SWAPPED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq} | {
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Div,
        ast.Div: ast.Mult,
        ast.FloorDiv: ast.Div,
        ast.Mod: ast.Mult,
        ast.Pow: ast.Mult,
    },
    **{ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}
_OTHER_CALL = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "floor": "ceil",
    "ceil": "floor",
    "argmin": "argmax",
} | {
    **{"argmax": "argmin", "minimum": "maximum", "maximum": "minimum", "startswith": "endswith", "sum": "max", "mean": "sum"},
}


def mutants(node):
    """Each way to spoil one node, as another node."""
    other = copy.deepcopy(node)
    if isinstance(node, ast.Compare):
        for n, operator in enumerate(node.ops):
            other = copy.deepcopy(node)
            other.ops[n] = _SWAPPED[type(operator)]()
            yield other
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPPED:
        other.op = _SWAPPED[type(node.op)]()
        yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        other.test = ast.UnaryOp(ast.Not(), node.test)
        yield other
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in _OTHER_CALL:
            setattr(other.func, "id" if isinstance(node.func, ast.Name) else "attr", _OTHER_CALL[name])
            yield other
    elif isinstance(node, ast.Constant) and node.value is not None and node.value is not ...:
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        elif isinstance(value, int | float):
            yield ast.Constant(value + 1 if isinstance(value, int) else value * 1.25 or 0.25)
        elif isinstance(value, str) and 0 < len(value) <= 40 and " " not in value:
            yield ast.Constant(f"{value}X")


# What makes no difference by construction: words for people, for the type checker or for `import *`, and a length that always holds.
_OF_NO_EFFECT_CALLS = {"cast", "TypeVar", "NewType", "warn", "debug", "info", "warning", "error", "exception", "getLogger"}
_OF_NO_EFFECT_FIELDS = ("annotation", "returns", "decorator_list", "type_params")


def _is_of_no_effect(node):
    if isinstance(node, ast.Raise | ast.JoinedStr):
        return True
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    if isinstance(node, ast.Expr):  # a docstring
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in ("__all__", "__slots__") for target in node.targets)
    if isinstance(node, ast.Call):
        return (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")) in _OF_NO_EFFECT_CALLS
    return isinstance(node, ast.keyword) and node.arg == "strict"


def places(tree, function=None):
    """(node, whether a function's body holds it) of what may be spoiled; what a function takes by default is outside of its body."""
    if _is_of_no_effect(tree):
        return
    if isinstance(tree, ast.expr):
        yield tree, function
    is_function = isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    for name, value in ast.iter_fields(tree):
        if name in _OF_NO_EFFECT_FIELDS or (isinstance(tree, ast.ClassDef) and name == "keywords"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from places(child, function or (is_function and name == "body"))


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, what stood there and stands there now, and whether only a call of a function would meet it."""

    file: str
    line: int
    column: int
    text: str
    occurrence: int
    was: str
    now: str
    in_function: bool
    source: str

    @cached_property
    def key(self) -> str:
        """The same after lines were added elsewhere."""
        return f"{self.file}|{self.text}|{self.occurrence}|{self.column}|{self.now}"


def spoiled(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a file; lines keep their numbers."""
    whole = source.encode()
    lines = whole.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    seen: Counter = Counter()
    for node, in_function in places(ast.parse(source)):
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        for other in mutants(node):
            now = ast.unparse(ast.fix_missing_locations(other))
            more = "\n" * (node.end_lineno - node.lineno)
            spoilt = whole[:begin] + (now if isinstance(node, ast.Constant) and not more else f"({now}{more})").encode() + whole[end:]
            with contextlib.suppress(SyntaxError):
                ast.parse(spoilt)
                text = lines[node.lineno - 1].decode().strip()
                place = (text, node.col_offset, now)
                seen[place] += 1
                yield Mutant(
                    file, node.lineno, node.col_offset, text, seen[place], ast.unparse(node), now, bool(in_function), spoilt.decode()
                )
