"""
Changes (RFC 7644 section 3.5.2): from a document to what a resource is to be. Pure: all of it, or nothing (S5).

What a path may name is a list; what is not on it is refused. What only we write (``id``, ``meta``, ``groups``) and
what nobody hands in here (``password``, ``roles``) is refused as such; what we do not keep is let pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.provisioning.scim import peers
from idp.provisioning.scim.errors import (
    INVALID_FILTER,
    INVALID_PATH,
    INVALID_SYNTAX,
    INVALID_VALUE,
    MUTABILITY,
    NO_TARGET,
    invalid,
)
from idp.provisioning.scim.filter import Compare, Filter, Or, parse
from idp.provisioning.scim.resources import ENTERPRISE, ENTERPRISE_TEXTS, GROUP, TEXTS, USER

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST = 100
LONGEST_PATH = 512
ADD, REPLACE, REMOVE = "add", "replace", "remove"
_NAME = ("givenName", "familyName", "formatted")
_OURS = frozenset({"id", "meta", "schemas", "groups"})
_NEVER = frozenset({"password", "roles", "entitlements", "x509certificates"})
_NOT_KEPT = frozenset({"emails", "phonenumbers", "addresses", "ims", "photos", "profileurl"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One change. ``path`` is empty where ``value`` has the attributes; ``within`` chooses among several values."""

    kind: str
    path: tuple[str, ...]
    value: Any = None
    within: Filter | None = None


@dataclass(slots=True)
class UserPatch:
    """
    What of a user is to change: our name of each attribute with its new value (None: none). ``passed_over`` are
    attributes that were named and are not kept here.
    """

    changes: dict[tuple[str, ...], Any] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)


@dataclass(slots=True)
class GroupPatch:
    """
    What of a group is to change. ``clear``: nobody of those who are there stays, but for ``add``.

    ``name`` and ``external_id`` are None where they stay.
    """

    name: str | None = None
    external_id: str | None = None
    clear: bool = False
    add: set[str] = field(default_factory=set)
    remove: set[str] = field(default_factory=set)


_USER = {
    "username": ("userName",),
    "externalid": ("externalId",),
    "active": ("active",),
    "displayname": ("displayName",),
    **{f"name.{part.lower()}": ("name", part) for part in _NAME},
    **{name.lower(): (name,) for name in TEXTS},
    **{f"{ENTERPRISE.lower()}:{name.lower()}": (ENTERPRISE, name) for name in ENTERPRISE_TEXTS},
}
_STAYS = frozenset({("userName",), ("externalId",), ("active",)})
_NAMED = {"name": _NAME, ENTERPRISE.lower(): tuple(ENTERPRISE_TEXTS)}


def has_schema(document: Mapping[str, Any], schema: str) -> bool:
    """Say whether a document states that it is of *schema*."""
    said = document.get("schemas")
    return isinstance(said, list) and schema in said


def parse_document(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """
    Return the operations of a change, each path read.

    Raises:
        ScimError: it is no such document, or has more operations than are taken, or one that cannot be read.
    """
    if not has_schema(document, PATCH):
        raise invalid(INVALID_SYNTAX, f"A change has the schema {PATCH}.")
    found = document.get("Operations", document.get("operations"))
    if not isinstance(found, list) or not found:
        raise invalid(INVALID_SYNTAX, "A change has a list of Operations.")
    if len(found) > MOST:
        raise invalid(INVALID_VALUE, f"A change has at most {MOST} operations.")
    return tuple(_operation(one) for one in found)


def user(operations: tuple[Operation, ...]) -> UserPatch:
    """
    Return what *operations* change of a user.

    Raises:
        ScimError: one of them names what cannot be changed, or what there is not.
    """
    found = UserPatch()
    for one in operations:
        if not one.path:
            if one.kind == REMOVE:
                raise invalid(NO_TARGET, "What is to be removed has a path.")
            if not isinstance(one.value, Mapping):
                raise invalid(INVALID_VALUE, "Without a path, the value is an object of attributes.")
            for name, value in peers.entries(one.value):
                _change(found, one.kind, _split(name), value)
        elif one.within is not None and one.path[0].lower() not in _NOT_KEPT:
            raise invalid(INVALID_PATH, f"“{one.path[0][:64]}” has no values to choose among.")
        else:
            _change(found, one.kind, one.path, one.value)
    return found


def whole_user(document: Mapping[str, Any]) -> UserPatch:
    """
    Return what a whole user (POST, PUT) says: attributes that it does not name are taken away, but for those by which
    it is found (``externalId``), and whether it is active.

    What is only ours to write, and what is not kept, is passed over (RFC 7644 section 3.5.1).
    """
    found = UserPatch()
    for path in _USER.values():
        if path not in _STAYS:
            found.changes[path] = None
    for name, value in document.items():
        path = _split(name)
        if path[0].lower() not in (_OURS | _NEVER):
            _change(found, REPLACE, path, value, known_only=False)
        elif path[0].lower() not in ("schemas", "id", "meta"):
            found.passed_over.add(path[0][:64])
    return found


def group(operations: tuple[Operation, ...]) -> GroupPatch:
    """
    Return what *operations* change of a group.

    Raises:
        ScimError: one of them names what cannot be changed, or what there is not.
    """
    found = GroupPatch()
    for one in operations:
        if not one.path:
            if one.kind == REMOVE:
                raise invalid(NO_TARGET, "What is to be removed has a path.")
            if not isinstance(one.value, Mapping):
                raise invalid(INVALID_VALUE, "Without a path, the value is an object of attributes.")
            for name, value in peers.entries(one.value):
                _change_group(found, one.kind, _split(name), value, None)
        else:
            _change_group(found, one.kind, one.path, one.value, one.within)
    return found


def whole_group(document: Mapping[str, Any]) -> GroupPatch:
    """Return what a whole group (POST, PUT) says."""
    found = GroupPatch(external_id="", clear=True)
    for name, value in document.items():
        path = _split(name)
        if path[0].lower() in ("displayname", "externalid", "members"):
            _change_group(found, REPLACE, path, value, None)
    return found


def _operation(found: object) -> Operation:
    if not isinstance(found, Mapping):
        raise invalid(INVALID_SYNTAX, "An operation is an object.")
    kind = peers.operation(found.get("op"))
    if kind not in (ADD, REPLACE, REMOVE):
        raise invalid(INVALID_SYNTAX, "An operation is add, replace or remove.")
    path = found.get("path")
    if path is not None and (not isinstance(path, str) or len(path) > LONGEST_PATH):
        raise invalid(INVALID_PATH, "A path is a text.")
    if kind != REMOVE and "value" not in found:
        raise invalid(INVALID_VALUE, "What is added or replaced has a value.")
    named, within = _path(path or "")
    return Operation(str(kind), named, found.get("value"), within)


def _path(path: str) -> tuple[tuple[str, ...], Filter | None]:
    """``emails[type eq "work"].value`` is the path (emails, value) within a filter."""
    if not path.strip():
        return (), None
    head, bracket, rest = path.partition("[")
    if not bracket:
        return _split(path), None
    inside, closed, tail = rest.rpartition("]")
    if not closed or (tail and not tail.startswith(".")):
        raise invalid(INVALID_PATH, "The path cannot be read.")
    return (*_split(head), *((tail[1:],) if tail else ())), parse(inside)


def _split(path: str) -> tuple[str, ...]:
    """Take the schema of users and groups from the front of a path; split off what stands behind a point."""
    name = path.strip()
    for schema in (USER, GROUP):
        if name.lower().startswith(f"{schema.lower()}:"):
            name = name[len(schema) + 1 :]
    if name.lower().startswith(ENTERPRISE.lower()):
        rest = name[len(ENTERPRISE) + 1 :]
        return (ENTERPRISE, *rest.split(".")) if rest else (ENTERPRISE,)
    return tuple(name.split("."))


def _change(found: UserPatch, kind: str, path: tuple[str, ...], value: object, *, known_only: bool = True) -> None:
    head = path[0].lower()
    if head in _OURS | _NEVER:
        raise invalid(MUTABILITY, f"“{path[0][:64]}” cannot be written.")
    if head in _NOT_KEPT or (head == ENTERPRISE.lower() and len(path) > 1 and path[1].lower() == "manager"):
        found.passed_over.add(path[-1 if head == ENTERPRISE.lower() else 0][:64])
        return
    if head in _NAMED and len(path) == 1:
        _change_parts(found, kind, path[0], value, known_only=known_only)
        return
    key = ".".join(path).lower() if head != ENTERPRISE.lower() else f"{head}:{'.'.join(path[1:]).lower()}"
    known = _USER.get(key)
    if known is None:
        if known_only:
            raise invalid(INVALID_PATH, f"There is no attribute “{'.'.join(path)[:64]}”.")
        found.passed_over.add(".".join(path)[:64])
        return
    found.changes[known] = None if kind == REMOVE else peers.single(value)


def _change_parts(found: UserPatch, kind: str, name: str, value: object, *, known_only: bool) -> None:
    """Change an attribute that has parts as a whole: what a replacement does not name is taken away."""
    parts = _NAMED[name.lower()]
    if value is not None and kind != REMOVE and not isinstance(value, Mapping):
        raise invalid(INVALID_VALUE, f"“{name[:64]}” is an object.")
    if kind != ADD:
        for part in parts:
            _change(found, REMOVE, (name, part), None)
    if kind != REMOVE and isinstance(value, Mapping):
        for part, one in peers.entries(value):
            _change(found, kind, (name, *part.split(".")), one, known_only=known_only and name != "name")


def _change_group(found: GroupPatch, kind: str, path: tuple[str, ...], value: object, within: Filter | None) -> None:
    head = path[0].lower()
    if head in ("displayname", "externalid") and len(path) == 1:
        value = None if kind == REMOVE else peers.single(value)
        if value is not None and not isinstance(value, str):
            raise invalid(INVALID_VALUE, f"“{path[0][:64]}” is a text.")
        if head == "displayname":
            if not value:
                raise invalid(INVALID_VALUE, "A group has a displayName.")
            found.name = value
        else:
            found.external_id = value or ""
    elif head == "members" and len(path) == 1:
        _change_members(found, kind, value, within)
    elif head in _OURS:
        raise invalid(MUTABILITY, f"“{path[0][:64]}” cannot be written.")
    else:
        raise invalid(INVALID_PATH, f"There is no attribute “{'.'.join(path)[:64]}”.")


def _change_members(found: GroupPatch, kind: str, value: object, within: Filter | None) -> None:
    if within is not None:
        if kind != REMOVE:
            raise invalid(INVALID_PATH, "A filter of members goes with remove only.")
        named = _named(within)
        found.add -= named
        found.remove |= named
        return
    named = {_member(one) for one in peers.members(value)}
    if kind == REMOVE and named:  # Microsoft Entra names whom it removes in the value
        found.add -= named
        found.remove |= named
        return
    if kind in (REPLACE, REMOVE):
        found.clear, found.add, found.remove = True, set(), set()
    found.add |= named
    found.remove -= named


def _member(found: object) -> str:
    value = found.get("value") if isinstance(found, Mapping) else found
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise invalid(INVALID_VALUE, "A member is named by its id, as its value.")
    if isinstance(found, Mapping) and str(found.get("type") or "User").lower() != "user":
        raise invalid(INVALID_VALUE, "Members are users: groups inside of groups are not taken.")
    return value


def _named(within: Filter) -> set[str]:
    """Return the ids that a filter of members names: ``value eq "x"``, several with ``or``."""
    parts = within.parts if isinstance(within, Or) else (within,)
    found = set()
    for one in parts:
        if (
            not isinstance(one, Compare)
            or (one.path.lower(), one.operator) != ("value", "eq")
            or not isinstance(one.value, str)
        ):
            raise invalid(INVALID_FILTER, 'Members are chosen by: value eq "…".')
        found.add(one.value)
    return found
