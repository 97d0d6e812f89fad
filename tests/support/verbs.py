"""What each verb requires, read from its source; and which role may call it (threats T10)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from idp.directory.rights import RECOVERY
from idp.policy.permissions import OPERATOR, ROLES, Permission
from tests.architecture.source import PACKAGE, modules, tree

ROOMS = ("directory", "signon", "saml", "oidc", "provisioning")
HOW = {"require": "in", "require_on": "on", "require_over": "over", "require_into": "into"}
"""How a permission is required: in the organization, on an object, over an account, for members of a group."""
_INTO = frozenset({Permission.GROUP_MEMBERS})


@dataclass(frozen=True)
class Requirement:
    """One of *permissions*, required in one way."""

    how: str
    permissions: frozenset[Permission]

    def __str__(self) -> str:
        return f"{self.how} " + " or ".join(f"`{one.value}`" for one in sorted(self.permissions))


@dataclass
class Function:
    """A function below the doors: what it requires itself, and what it calls."""

    name: str
    takes_work: bool
    requires: set[Requirement] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)


def requirements() -> dict[str, frozenset[Requirement]]:
    """Return what each public function that takes work requires, itself or by what it calls; those that do."""
    every = functions()
    found = {}
    for name, function in every.items():
        if function.takes_work and not name.rpartition(".")[2].startswith("_"):
            required = frozenset(_closure(name, every, set()))
            if required:
                found[name] = required
    return dict(sorted(found.items()))


def may(role: str, required: frozenset[Requirement]) -> bool:
    """Say whether a role, held where the thing is, meets every requirement."""
    return all(one.permissions & ROLES[role] for one in required)


def _closure(name: str, every: dict[str, Function], seen: set[str]) -> Iterator[Requirement]:
    if name in seen or name not in every:
        return
    seen.add(name)
    yield from every[name].requires
    for called in every[name].calls:
        yield from _closure(called, every, seen)


@cache
def functions() -> dict[str, Function]:
    """Return every function at the top of a file below the doors, by its whole name."""
    found: dict[str, Function] = {}
    for path in modules(*ROOMS):
        module, known = module_of(path), imports(path)
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef):
                found[f"{module}.{node.name}"] = _read(module, node, known)
    return found


def module_of(path: Path) -> str:
    """Return the name of the module in a file of ours."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> dict[str, str]:
    """Return what the names of a module mean that it has imported."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _read(module: str, node: ast.FunctionDef, imports: dict[str, str]) -> Function:
    arguments = [one.arg for one in node.args.args]
    read = Function(f"{module}.{node.name}", takes_work=arguments[:1] == ["work"])
    if module == "idp.directory.rights":
        return read  # its own checks are what the others call
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        called = target(module, call.func, imports)
        how = called.rpartition(".")[2]
        read.calls.add(called)
        if how in HOW and called.startswith(("idp.policy.permissions", "idp.directory.rights")):
            read.requires |= _required(how, call)
        else:
            read.requires |= _handed_on(called, call)
    return read


def target(module: str, function: ast.expr, imports: dict[str, str]) -> str:
    """Return the whole name of what an expression in a module means; empty where that is not seen."""
    if isinstance(function, ast.Name):
        return imports.get(function.id, f"{module}.{function.id}")
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{imports.get(function.value.id, function.value.id)}.{function.attr}"
    return ""


def _required(how: str, call: ast.Call) -> set[Requirement]:
    if how == "require_into":
        return {Requirement(HOW[how], _INTO)}
    permissions = _permissions(call.args[1])
    return {Requirement(HOW[how], permissions)} if permissions else set()


def _handed_on(called: str, call: ast.Call) -> set[Requirement]:
    """`own_or_administered` is told what an administrator needs, by itself or by what passes it on."""
    name = called.rpartition(".")[2]
    if not called.startswith("idp.signon") or name not in ("own_or_administered", "_own"):
        return set()
    if getattr(call.args[-1], "id", "") == "permission":
        return set()
    given = _permissions(call.args[-1]) or frozenset({Permission.ACCOUNT_CREDENTIALS})
    return {Requirement("over", given)}


def page() -> list[str]:
    """Return the lines of the reference page: each verb, what it requires, who may."""
    columns = [role for role in ROLES if role != OPERATOR]
    lines = [
        "What each verb requires, and the roles that may call it where they hold. *in*: in the organization (or where",
        "the verb says); *on*: where the application or site is; *over*: over an account that holds nothing that the",
        "caller does not hold, or the own one; *into*: for the members of a group, or `application:grant` for all that",
        "the group opens. A verb that requires several things requires all of them in some case.",
        "",
        "| Verb | Requires | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for name, required in requirements().items():
        marks = " | ".join("yes" if may(role, required) else "" for role in columns)
        words = "; ".join(sorted(map(str, required)))
        lines.append(f"| `{name.removeprefix('idp.')}` | {words} | {marks} |")
    return lines


def _permissions(node: ast.expr) -> frozenset[Permission]:
    found = {
        Permission[one.attr]
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "Permission"
    }
    names = {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(node)}
    return frozenset(found | (set(RECOVERY) if "RECOVERY" in names else set()))
