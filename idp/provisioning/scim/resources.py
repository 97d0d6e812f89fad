"""Accounts and groups as SCIM resources (RFC 7643 sections 4 and 8), and the one map between their names. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

TEXTS = {
    "title": "title",
    "userType": "user_type",
    "nickName": "nick_name",
    "preferredLanguage": "preferred_language",
    "locale": "locale",
    "timezone": "timezone",
}
"""Attributes of a SCIM user that are further attributes of an account, and what they are called there."""
ENTERPRISE_TEXTS = {
    "employeeNumber": "employee_number",
    "costCenter": "cost_center",
    "organization": "organization",
    "division": "division",
    "department": "department",
}
"""The same of the enterprise extension."""


@dataclass(frozen=True, slots=True)
class UserFacts:
    """
    What a SCIM user is made of. ``groups`` are pairs of id and name; ``version`` is opaque.

    ``attributes`` are the further attributes of the account by our names, each with its values.
    """

    id: str
    email: str
    name: str
    given_name: str
    family_name: str
    active: bool
    created_at: datetime
    changed_at: datetime
    version: str
    external_id: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What a SCIM group is made of. ``members`` are pairs of id and e-mail address; None: nobody has looked."""

    id: str
    name: str
    created_at: datetime
    changed_at: datetime
    version: str
    external_id: str = ""
    members: Sequence[tuple[str, str]] | None = None


def user(of: UserFacts, base: str) -> dict[str, Any]:
    """
    Return a SCIM user.

    Args:
        base: the address that SCIM lives below, without a slash at its end.
    """
    found: dict[str, Any] = {"schemas": [USER], "id": of.id}
    if of.external_id:
        found["externalId"] = of.external_id
    found["userName"] = of.email
    name = {"givenName": of.given_name, "familyName": of.family_name}
    if any(name.values()):
        found["name"] = {part: value for part, value in name.items() if value}
    found["displayName"] = of.name
    found["active"] = of.active
    found["emails"] = [{"value": of.email, "type": "work", "primary": True}]
    found |= _texts(TEXTS, of.attributes)
    enterprise = _texts(ENTERPRISE_TEXTS, of.attributes)
    if enterprise:
        found["schemas"].append(ENTERPRISE)
        found[ENTERPRISE] = enterprise
    if of.groups:
        found["groups"] = [
            {"value": id_, "display": name, "type": "Group", "$ref": f"{base}/Groups/{id_}"} for id_, name in of.groups
        ]
    found["meta"] = _meta("User", "Users", of.id, of.created_at, of.changed_at, of.version, base)
    return found


def group(of: GroupFacts, base: str) -> dict[str, Any]:
    """Return a SCIM group; arguments as those of `user`."""
    found: dict[str, Any] = {"schemas": [GROUP], "id": of.id}
    if of.external_id:
        found["externalId"] = of.external_id
    found["displayName"] = of.name
    if of.members:
        found["members"] = [
            {"value": id_, "display": email, "type": "User", "$ref": f"{base}/Users/{id_}"} for id_, email in of.members
        ]
    found["meta"] = _meta("Group", "Groups", of.id, of.created_at, of.changed_at, of.version, base)
    return found


def etag(version: str) -> str:
    """Return a version as an entity tag (RFC 7644 section 3.14)."""
    return f'W/"{version}"'


def instant(moment: datetime) -> str:
    """Return a moment as SCIM writes it (RFC 7643 section 2.3.5)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _texts(names: Mapping[str, str], attributes: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {scim: attributes[ours][0] for scim, ours in names.items() if attributes.get(ours)}


def _meta(
    kind: str, place: str, id_: str, created_at: datetime, changed_at: datetime, version: str, base: str
) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": instant(created_at),
        "lastModified": instant(changed_at),
        "location": f"{base}/{place}/{id_}",
        "version": etag(version),
    }
