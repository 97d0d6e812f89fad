"""Commands that change who gets in are refused where that would lock administrators out."""

import ast

import pytest

from tests.architecture.source import PACKAGE, tree

CHANGES = {
    "access_policies": {"write", "restore"},
    "authentication_policy_changes": {"edit", "set_default", "delete", "set_second_step"},
    "policy_members": {"move", "move_group", "set_kind"},
    "zones": {"create", "change", "delete"},
}
REHEARSED = {"access_replay.py", "policy_replay.py", "dev_seed/rules.py"}
"""They change nothing, since what they do is taken back; or fill an installation in which nobody can sign in yet."""


def _changes(function: ast.AST) -> set[str]:
    return {
        f"{call.func.value.id}.{call.func.attr}"
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.attr in CHANGES.get(call.func.value.id, ())
    }


def _is_guarded(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id in ("guarded", "guarded_work")
        for item in ast.walk(function)
        if isinstance(item, ast.withitem)
        for node in ast.walk(item.context_expr)
    )


FUNCTIONS = [
    pytest.param(file, function, id=f"{file.relative_to(PACKAGE)}:{function.name}")
    for room in ("cli", "web")
    for file in sorted((PACKAGE / room).rglob("*.py"))
    if str(file.relative_to(PACKAGE / room)) not in REHEARSED
    for function in ast.walk(tree(file))
    if isinstance(function, ast.FunctionDef) and _changes(function)
]


def test_there_are_such_commands():
    assert len(FUNCTIONS) >= 9


@pytest.mark.parametrize(("file", "function"), FUNCTIONS)
def test_whoever_changes_who_gets_in_asks_the_guard(file, function):
    callers = [
        other
        for other in ast.walk(tree(file))
        if isinstance(other, ast.FunctionDef)
        and any(
            isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function.name
            for call in ast.walk(other)
        )
    ]

    assert _is_guarded(function) or (callers and all(_is_guarded(caller) for caller in callers))
