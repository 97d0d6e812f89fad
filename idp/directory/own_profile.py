"""What an organization knows of one of its people, as that person reads it: each attribute with whoever keeps it."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import attribute_sources
from idp.directory.attributes import ATTRIBUTES, attributes_of
from idp.directory.domain_models import Domain
from idp.directory.models import Account, Group, Membership


class Owner(StrEnum):
    """Who keeps an attribute: whom to ask where it is wrong."""

    PERSON = "person"
    TYPED = "typed"
    ORGANIZATION = "organization"
    IMPORT = "import"
    PROVISIONING = "provisioning"


class Source(StrEnum):
    """Why somebody is in a group, of `Membership.source`."""

    ADMINISTRATORS = "administrators"
    RULE = "rule"
    PROVISIONING = "provisioning"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Kept:
    """An attribute, its values, and who keeps it."""

    name: str
    values: tuple[str, ...]
    owner: Owner


@dataclass(frozen=True, slots=True)
class Profile:
    """
    What is known of a person.

    ``groups`` are their names with why the person is in each; ``domain`` is that through which the organization manages
    the account (empty: it does not).
    """

    attributes: tuple[Kept, ...]
    groups: tuple[tuple[str, tuple[Source, ...]], ...]
    kind: str
    managed: bool
    domain: str


_OWNERS = {
    attribute_sources.Source.PERSON: Owner.TYPED,  # they said it once, and administrators change it
    attribute_sources.Source.ADMINISTRATOR: Owner.ORGANIZATION,
    attribute_sources.Source.IMPORT: Owner.IMPORT,
    attribute_sources.Source.PROVISIONING: Owner.PROVISIONING,
}
_GROUPS = Prepared(
    select(Group.name, Membership.source)
    .join(Membership, (Membership.organization_id == Group.organization_id) & (Membership.group_id == Group.id))
    .where(
        Membership.organization_id == bindparam("organization_id"),
        Membership.account_id == bindparam("account_id"),
        Membership.valid_from <= bindparam("now", type_=Membership.valid_from.type),
        Membership.valid_to.is_(None) | (Membership.valid_to > bindparam("now", type_=Membership.valid_from.type)),
    )
    .order_by(Group.name, Membership.source)
)


def profile(work: Work, organization_id: str, account_id: str, *, may_change_email: bool) -> Profile:
    """
    Return what the organization knows of an account.

    Args:
        may_change_email: people can change their own e-mail address here.
    """
    account = work.tx.session.get_one(Account, (organization_id, account_id))
    known = attributes_of(work, organization_id, account_id, groups=False)
    own = [name for name in ATTRIBUTES if name != "groups"]
    others = sorted(name for name in known if name not in own)
    managed = account.managed_at is not None
    kept = [
        Kept(
            name,
            known.get(name, ()),
            _owner(account, name, may_change_email=may_change_email and not managed),
        )
        for name in (*own, *others)
        if name in ("email", "name") or known.get(name)
    ]
    domain = work.tx.session.get(Domain, (organization_id, account.domain_id)) if account.domain_id else None
    return Profile(
        attributes=tuple(kept),
        groups=_groups(work, organization_id, account_id),
        kind=account.kind,
        managed=managed,
        domain="" if domain is None else domain.name,
    )


def _owner(account: Account, name: str, *, may_change_email: bool) -> Owner:
    """Whoever can change it keeps it; else whoever has said it last."""
    if name == "email" and may_change_email:
        return Owner.PERSON
    return _OWNERS[attribute_sources.of(account, name)]


def _groups(work: Work, organization_id: str, account_id: str) -> tuple[tuple[str, tuple[Source, ...]], ...]:
    found: dict[str, list[Source]] = {}
    rows = work.tx.rows(_GROUPS, organization_id=organization_id, account_id=account_id, now=work.now)
    for row in rows:
        sources = found.setdefault(row.name, [])
        if (source := _source(row.source)) not in sources:
            sources.append(source)
    return tuple((name, tuple(sources)) for name, sources in found.items())


def _source(said: str) -> Source:
    kind = said.partition(":")[0]
    if kind in ("scim", "sync"):
        return Source.PROVISIONING
    return {"rule": Source.RULE, "group": Source.GROUP}.get(kind, Source.ADMINISTRATORS)
