"""
From filters to conditions on the client's own accounts and groups: an allow-list of attributes, bound values (S3, S4).

Every query begins with what is the client's own, which an index finds; by it, id, userName and externalId are found at
once, everything else by looking through those.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_, select, true

from idp.base.tables import Instant
from idp.base.work import Work
from idp.directory import names
from idp.directory.models import Account, Group, Membership
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup, ProvisioningClient
from idp.provisioning.scim import peers
from idp.provisioning.scim.asking import Asked
from idp.provisioning.scim.errors import INVALID_FILTER, ScimError, invalid
from idp.provisioning.scim.filter import And, Filter, Inside, Not, Or, Present, Value
from idp.provisioning.scim.resources import ENTERPRISE, ENTERPRISE_TEXTS, GROUP, TEXTS, USER

Condition = ColumnElement[bool]
_Kept = TypeVar("_Kept", Account, Group)
_Link = TypeVar("_Link", ProvisionedAccount, ProvisionedGroup)
Meaning = Callable[[str, Value], Condition]
"""What an operator (``pr`` too, with no value) means for one attribute."""


def users(of: Filter) -> Condition:
    """
    Return the condition for users; the query has `Account` and `ProvisionedAccount` in it.

    Raises:
        ScimError: ``invalidFilter``: an attribute cannot be looked for, or not so.
    """
    return _condition(of, _USERS, USER)


def groups(of: Filter, member: Callable[[str], Condition]) -> Condition:
    """
    The same for groups.

    Args:
        member: that a group has the account of that id in it.
    """

    def members(operator: str, value: Value) -> Condition:
        if operator != "eq" or not isinstance(value, str):
            raise _no('Members are looked for by: members.value eq "…".')
        return member(value)

    return _condition(of, {**_GROUPS, "members": members, "members.value": members}, GROUP)


def page_of(
    work: Work,
    client: ProvisioningClient,
    model: type[_Kept],
    link: type[_Link],
    alive: Condition,
    matches: Condition | None,
    asked: Asked,
) -> tuple[int, list[tuple[_Kept, _Link]]]:
    """
    Return how many of its own the client can find, and those of the page that it asked for, in the order of their ids.

    Args:
        model, link: accounts or groups, and what ties them to a client.
        alive: that one is there still.
        matches: what the client looks for; None: all.
    """
    conditions = [
        model.organization_id == client.organization_id,
        alive,
        link.client_id == client.id,
        link.released_at.is_(None),
        *(() if matches is None else (matches,)),
    ]
    joined = (link.organization_id == model.organization_id) & (link.id == model.id)
    total = work.tx.session.scalar(select(func.count()).select_from(model).join(link, joined).where(*conditions)) or 0
    if not asked.count:
        return total, []
    query = select(model, link).join(link, joined).where(*conditions).order_by(link.id)
    rows = work.tx.session.execute(query.offset(asked.start - 1).limit(asked.count))
    return total, [(row[0], row[1]) for row in rows]


def _condition(of: Filter, known: Mapping[str, Meaning], schema: str) -> Condition:
    if isinstance(of, And):
        return and_(*(_condition(one, known, schema) for one in of.parts))
    if isinstance(of, Or):
        return or_(*(_condition(one, known, schema) for one in of.parts))
    if isinstance(of, Not):
        return not_(_condition(of.of, known, schema))
    if isinstance(of, Inside):
        return _condition(of.of, _within(of.path, known, schema), "")
    meaning = known.get(_name(of.path, schema))
    if meaning is None:
        raise _no("There is no such attribute to be looked for.")
    return meaning("pr", None) if isinstance(of, Present) else meaning(of.operator, of.value)


def _within(path: str, known: Mapping[str, Meaning], schema: str) -> Mapping[str, Meaning]:
    """Return what stands inside of the brackets behind *path*; every address here is a primary one for work."""
    head = _name(path, schema)
    inside = {name.removeprefix(f"{head}."): one for name, one in known.items() if name.startswith(f"{head}.")}
    if not inside:
        raise _no("There is no such attribute with several values.")
    return inside


def _name(path: str, schema: str) -> str:
    name = path.lower()
    return name.removeprefix(f"{schema.lower()}:") if schema else name


def _text(column: SQLColumnExpression[str], *, exact: bool = False, key: Callable[[str], str] | None = None) -> Meaning:
    """A text; without *exact*, capital letters do not count. *key* makes of a value what the column has."""
    looked_at = column if exact or key is not None else func.lower(column)

    def meaning(operator: str, value: Value) -> Condition:
        if operator == "pr":
            return and_(column.is_not(None), column != "")
        if value is None and operator in ("eq", "ne"):
            empty = or_(column.is_(None), column == "")
            return empty if operator == "eq" else not_(empty)
        if not isinstance(value, str):
            raise _no("This attribute is a text.")
        wanted = key(value) if key is not None else (value if exact else value.lower())
        return _compared(looked_at, operator, wanted)

    return meaning


def _compared(column: SQLColumnExpression[Any], operator: str, value: Any) -> Condition:
    compared: dict[str, Callable[[], Condition]] = {
        "eq": lambda: column == value,
        "ne": lambda: or_(column.is_(None), column != value),
        "co": lambda: column.contains(value, autoescape=True),
        "sw": lambda: column.startswith(value, autoescape=True),
        "ew": lambda: column.endswith(value, autoescape=True),
        "gt": lambda: column > value,
        "ge": lambda: column >= value,
        "lt": lambda: column < value,
        "le": lambda: column <= value,
    }
    return compared[operator]()


def _moment(column: SQLColumnExpression[datetime]) -> Meaning:
    def meaning(operator: str, value: Value) -> Condition:
        if operator == "pr":
            return true()
        if operator in ("co", "sw", "ew") or not isinstance(value, str):
            raise _no("Moments are compared by eq, ne, gt, ge, lt and le.")
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise _no("A moment is written like 2030-01-31T12:00:00Z.") from error
        return _compared(column, operator, moment)

    return meaning


def _active(operator: str, value: Value) -> Condition:
    value = peers.truth(value)  # type: ignore[assignment]  # a value stays one
    if operator == "pr":
        return true()
    if operator not in ("eq", "ne") or not isinstance(value, bool):
        raise _no("“active” is compared by eq and ne with true or false.")
    return Account.disabled_at.is_(None) if value == (operator == "eq") else Account.disabled_at.is_not(None)


def _always(said: Value) -> Meaning:
    """An attribute that every value has, and that says the same in each."""

    def meaning(operator: str, value: Value) -> Condition:
        if operator == "pr":
            return true()
        if operator not in ("eq", "ne"):
            raise _no("This attribute is compared by eq and ne.")
        return true() if (value == said) == (operator == "eq") else false()

    return meaning


def _further(name: str) -> Meaning:
    """A further attribute: its first value, in the JSON that an account has."""
    return _text(Account.attributes[(name, 0)].as_string())


def _address_key(value: str) -> str:
    """Whole addresses in the form that they are unique in; parts of them folded."""
    return names.email_key_or_empty(value) or names.folded(value)


_CHANGED: ColumnElement[datetime] = func.coalesce(Account.updated_at, Account.created_at, type_=Instant)
_ADDRESS = _text(Account.email_key, key=_address_key)
_USERS: dict[str, Meaning] = {
    "id": _text(Account.id, exact=True),
    "externalid": _text(ProvisionedAccount.external_id, exact=True),
    "username": _ADDRESS,
    "emails": _ADDRESS,
    "emails.value": _ADDRESS,
    "emails.type": _always("work"),
    "emails.primary": _always(said=True),
    "active": _active,
    "displayname": _text(Account.name),
    "name.formatted": _text(Account.name),
    "name.givenname": _text(Account.given_name),
    "name.familyname": _text(Account.family_name),
    "meta.created": _moment(Account.created_at),
    "meta.lastmodified": _moment(_CHANGED),
    "meta.resourcetype": _always("User"),
    **{scim.lower(): _further(ours) for scim, ours in TEXTS.items()},
    **{f"{ENTERPRISE.lower()}:{scim.lower()}": _further(ours) for scim, ours in ENTERPRISE_TEXTS.items()},
}
_GROUPS: dict[str, Meaning] = {
    "id": _text(Group.id, exact=True),
    "externalid": _text(ProvisionedGroup.external_id, exact=True),
    "displayname": _text(Group.name_key, key=names.name_key),
    "meta.created": _moment(Group.created_at),
    "meta.lastmodified": _moment(ProvisionedGroup.changed_at),
    "meta.resourcetype": _always("Group"),
}


def has_member(source: str, now: datetime) -> Callable[[str], Condition]:
    """Return what says that a group has an account in it now, by *source*."""

    def member(account_id: str) -> Condition:
        return (
            Membership.__table__.select()
            .where(
                Membership.organization_id == Group.organization_id,
                Membership.group_id == Group.id,
                Membership.account_id == account_id,
                Membership.source == source,
                Membership.valid_from <= now,
                or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            )
            .exists()
        )

    return member


def _no(message: str) -> ScimError:
    return invalid(INVALID_FILTER, message)
