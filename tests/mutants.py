"""Policy mutants: the code with one check removed or turned around at a time, found from its syntax tree."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_STORE = ("sessions", "links", "codes", "attempts", "screens", "pairings", "people", "reveals")
WHOLE = (
    "dashboards/_door.py",
    "components/spreadsheet.py",
    "dashboards/_pace.py",
    "dashboards/_screens.py",
    "metrics/scope.py",
    "metrics/masking.py",
    *(f"data_access/store/{name}.py" for name in _STORE),
)
"""Modules in which everything is a check."""
GATES = {
    "dashboards/customers.py": "_asked _customer _contacts _record_shown _told _track_page _reveal _export",
    "dashboards/_page.py": "World.scope View.where View.findings View.own_findings View.is_own cache_key badges_of",
    "dashboards/_site.py": "Site.asked_view",
    "dashboards/_analysis.py": "_view offered",
    "dashboards/_api.py": "_within",
    "dashboards/_filters.py": "_known",
    "dashboards/_pictures.py": "_answer",
    "dashboards/posters.py": "_is_own _signed_in_scope",
    "dashboards/_news.py": "_is_for _board_told _packet_told _packets_told _joy_told",
    "dashboards/_notices.py": "_among_peers",
    "data_access/telling.py": "Recipient.concerns _gets_mail _mail _robot",
    "data_access/store/outbox.py": "_still_entitled person_standing withdraw_with",
    "data_access/customers.py": "counted_customers one_customer _selected _narrowed",
}
"""Functions through which the scope reaches what is shown."""
KEYS = ("cache_key", "Scope.fingerprint", "_answer")
"""Functions whose tuples are cache keys: a part may not be missing."""
MASKS = ("masked_name", "masked_phone", "without_numbers", "in_view")
"""Functions that take something away from their first argument."""
LOOSEST = ("SIGNED_IN", "SIGNED_IN_DOCUMENT")
NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Is: ast.IsNot, ast.In: ast.NotIn,
}  # fmt: skip
NEGATED |= {other: one for one, other in NEGATED.items()}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the function around it, what stood there and what stands there now."""

    file: str
    function: str
    before: str
    after: str
    place: tuple[int, int]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names a mutant for as long as its code stays, wherever it moves."""
        return self.file, self.function, self.before, self.after


def mutants() -> list[Mutant]:
    """Every mutant of every check there is."""
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "dashboards").glob("*.py"))
    return [one for file in sorted({*files, *WHOLE, *GATES}) for one in _mutants(file)]


def _mutants(file: str) -> Iterator[Mutant]:
    for at, (node, function) in enumerate(_nodes(_tree(file))):
        wanted = file in WHOLE or function in GATES.get(file, "").split()
        found = [*(_variants(node, function) if wanted else ()), *_policies(node)]
        for which, after in enumerate(found):
            yield Mutant(file, function, _said(node), _said(after), (at, which))


def apply(mutant: Mutant) -> None:
    """Make the mutant's function behave as changed, wherever it is known already."""
    tree = _tree(mutant.file)
    node, function = list(_nodes(tree))[mutant.place[0]]
    wanted = mutant.file in WHOLE or function in GATES.get(mutant.file, "").split()
    found = [*(_variants(node, function) if wanted else ()), *_policies(node)]
    changed = ast.fix_missing_locations(_Put(node, found[mutant.place[1]]).visit(tree))
    code = _code(compile(changed, str(ROOT / mutant.file), "exec"), function)
    assert code is not None, mutant
    living(mutant).__code__ = code


def living(mutant: Mutant) -> Any:
    """The function itself, out of its class, property or decorator."""
    thing: Any = importlib.import_module(mutant.file.removesuffix(".py").replace("/", "."))
    for name in mutant.function.split("."):
        thing = inspect.getattr_static(thing, name)
    for wrapper in ("fget", "func", "__func__"):
        thing = getattr(thing, wrapper, thing)
    return inspect.unwrap(thing)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


@cache
def _source(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _tree(file: str) -> ast.Module:
    return ast.parse(_source(file))


def _nodes(tree: ast.AST, function: str = "", of: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Every node within a function, with the name of the outermost one; annotations and defaults are not code that runs."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.ClassDef) and not function:
            yield from _nodes(child, "", f"{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            name = function or of + child.name
            for statement in child.body:
                yield statement, name
                yield from _nodes(statement, name)
        elif isinstance(child, ast.expr) and isinstance(tree, ast.AnnAssign) and child is tree.annotation:
            continue
        elif function:
            yield child, function
            yield from _nodes(child, function)


def _said(node: ast.AST) -> str:
    """A node as text; of a statement with others in it, only its head."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.comprehension):
        return " ".join(ast.unparse(node).split())
    return " ".join(ast.unparse(node).split())


def _variants(node: ast.AST, function: str) -> Iterator[ast.AST]:
    """What a check can be changed to: gone, turned around, or without one of its parts."""
    match node:
        case ast.If(test=test):
            yield ast.If(ast.Constant(False), node.body, node.orelse)
            if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.BoolOp(values=values, op=op):
            yield from (_joined(op, rest) for rest in _without_one(values))
        case ast.Compare(ops=ops):
            for at, one in enumerate(ops):
                yield ast.Compare(node.left, [*ops[:at], NEGATED[type(one)](), *ops[at + 1 :]], node.comparators)
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield node.operand
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            yield from (node.left, node.right)
        case ast.comprehension(ifs=[_, *_] as ifs):
            for rest in _without_one(ifs):
                yield ast.comprehension(node.target, node.iter, rest, node.is_async)
        case ast.Raise() | ast.Expr(value=ast.Call()):
            if "super()" not in ast.unparse(node):
                yield ast.Pass()
        case ast.Call(func=ast.Attribute(attr="where", value=receiver), args=[_, *_] as args):
            for rest in _without_one(args):
                yield ast.Call(node.func, rest, node.keywords) if rest else receiver
        case ast.Call(func=ast.Attribute(attr="within", value=receiver), args=[_]):
            yield receiver
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in MASKS:
            yield first
        case ast.Call(func=ast.Name(id="or_"), args=args):
            yield from args
        case ast.Tuple(elts=parts, ctx=ast.Load()) if function in KEYS and len(parts) > 1:
            yield from (ast.Tuple(rest, ast.Load()) for rest in _without_one(parts))


def _policies(node: ast.AST) -> Iterator[ast.AST]:
    """A route or callback with a policy that lets in more, or shuts out those it is for."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="door"), attr="route" | "callback" | "declare" as what)):
            at = 1 if what == "route" else 0
            given = ast.unparse(node.args[at])
            for changed in _changed_policies(given, what):
                policy = ast.parse(changed, mode="eval").body
                yield ast.Call(node.func, [*node.args[:at], policy, *node.args[at + 1 :]], node.keywords)


def _changed_policies(given: str, what: str) -> list[str]:
    everybody = "__import__('typing').get_args(__import__('data_access.store.people', fromlist=['Role']).Role)"
    replaced = f"__import__('dataclasses').replace({given}, "
    if given.startswith("OPEN") or given.startswith("Policy(None"):
        closed = f"{replaced}roles=frozenset(), allows=None)"
        return [closed, f"{replaced}allows=None)"] if "allows" in given else [closed]
    if what == "callback":
        return [f"{replaced}roles=frozenset())"]
    anybody, any_screen = f"{replaced}roles=None)", f"{replaced}screens=lambda screen: True)"
    any_role = [] if given in LOOSEST else [f"{replaced}roles=frozenset({everybody}))"]
    return [anybody, any_screen, *any_role]


def _without_one(parts: list[Any]) -> Iterator[list[Any]]:
    return (parts[:at] + parts[at + 1 :] for at in range(len(parts)))


def _joined(op: ast.boolop, parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(op, parts)


def _code(code: CodeType, name: str) -> CodeType | None:
    """The code of a function by its qualified name, in a module's code."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    wanted = [one for one in inner if one.co_qualname == name]
    return wanted[0] if wanted else next((found for one in inner if (found := _code(one, name))), None)
