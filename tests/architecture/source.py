"""Looking at our own source, for the tests that are the constitution of the house."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent.parent
PACKAGE = HERE / "idp"
TEMPLATES = HERE / "templates"


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def modules(*folders: str) -> Iterator[Path]:
    """Yield the modules below *folders* of the package (all of it, without any)."""
    for folder in folders or ("",):
        yield from sorted((PACKAGE / folder).rglob("*.py"))


def called(node: ast.AST) -> set[str]:
    """Return the names of what *node* calls: ``record`` and ``keyring.create`` alike by their last part."""
    names = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Name):
                names.add(call.func.id)
            elif isinstance(call.func, ast.Attribute):
                names.add(call.func.attr)
    return names


def functions(file: Path) -> Iterator[ast.FunctionDef]:
    """Yield the public functions at the top of *file*."""
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
