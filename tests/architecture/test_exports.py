"""`__all__` is the truth: a tuple in every public module, with exactly what the module offers."""

import ast
import importlib
from collections.abc import Iterator

from tests.architecture.sources import PACKAGES, Source, for_each, sources


def _is_public(source: Source) -> bool:
    # An `__init__` with only its docstring offers nothing.
    name = source.path.stem
    return not name.startswith("_") or (name == "__init__" and len(source.tree.body) > 1)


public_modules = for_each(source for source in sources(*PACKAGES) if _is_public(source))


@public_modules
def test_all_is_a_tuple(source: Source) -> None:
    """`__all__` is a literal tuple, each name once (the order is ruff's: RUF022)."""
    assert isinstance(declared(source), ast.Tuple)
    assert sorted(set(exported(source))) == sorted(exported(source))


@public_modules
def test_all_names_what_is_offered(source: Source) -> None:
    """Each public class, function, constant and alias is in `__all__`; so is what an `__init__` takes from voxplan."""
    assert sorted(set(offered(source)) - set(exported(source))) == []


@public_modules
def test_all_names_exist(source: Source) -> None:
    """Each name in `__all__` can be imported."""
    module = importlib.import_module(source.module)
    assert [name for name in exported(source) if not hasattr(module, name)] == []


def declared(source: Source) -> ast.expr | None:
    """What `__all__` is set to, None if it is not."""
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return value
            case _:
                pass
    return None


def exported(source: Source) -> tuple[str, ...]:
    """The names in `__all__`."""
    names = declared(source)
    return tuple(ast.literal_eval(name) for name in names.elts) if isinstance(names, ast.Tuple) else ()


def offered(source: Source) -> Iterator[str]:
    """The public names that the module's own statements bind."""
    for node in source.tree.body:
        yield from (name for name in _bound(node, is_face=source.path.name == "__init__.py") if not name.startswith("_"))


def _bound(node: ast.stmt, *, is_face: bool) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
            return
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.ImportFrom(module=str(module), names=names) if is_face and module.startswith("voxplan"):
            yield from (alias.asname or alias.name for alias in names)
        case _:
            return
