"""
What the rules of an access policy name: from what administrators call it to ids, and back.

Rules are kept by ids, so that a rule outlives a new name. Everything is looked up in one organization: the
account of another one is not there (threats T1).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from unicodedata import normalize

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.errors import Invalid
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names
from idp.directory.models import Account, Application, Group, Owned, Site
from idp.policy.access import documents
from idp.policy.access.rules import Rules
from idp.policy.models import Zone

_MOST_AT_ONCE = 400
_ZONES = table(Zone)
_LOCK = Prepared(
    update(_ZONES)
    .where(_ZONES.c.organization_id == bindparam("of_organization"), _ZONES.c.id == bindparam("zone_id"))
    .values(version=_ZONES.c.version)
)
_ADVICE = {
    "account": "Write an account by its e-mail address or id.",
    "group": "Write a group by its name or id; see: idp group list",
    "application": "Write an application by its name or id (app_…); see: idp application list",
    "site": "Write a site by its short name or id; see: idp site list",
    "zone": "Write a zone by its name or id; see: idp zone list",
}


@dataclass(frozen=True, slots=True)
class Called:
    """What some things of an organization are called, and which ids go by a name."""

    names: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def resolved(work: Work, organization_id: str, rules: Rules, *, before: Rules) -> Rules:
    """
    Return *rules* with ids for whatever they name.

    Args:
        before: what these rules name by id is taken as it is, even where it is gone since: a rule that names
            somebody who was deleted can still be kept.

    Raises:
        Invalid: something is not there, or a name is that of several.
    """
    kept = documents.named(before)
    wanted = documents.named(rules)
    known = {kind: _looked_up(work, organization_id, kind, refs) for kind, refs in wanted.items() if refs}

    def id_of(kind: str, reference: str, path: str) -> str:
        called = known[kind]
        if reference in called.names:
            return reference
        found = called.ids.get(_key(kind, reference), ())
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(
                phrase("%(path)s: several things are called “%(reference)s”.", path=path, reference=reference[:80]),
                field=path,
                advice="Write the id instead.",
            )
        if reference in kept[kind]:
            return reference
        raise Invalid(
            phrase("%(path)s: there is no %(kind)s “%(reference)s”.", path=path, kind=kind, reference=reference[:80]),
            field=path,
            advice=_ADVICE[kind],
        )

    return documents.renamed(rules, id_of)


def spelled(work: Work, organization_id: str, rules: Rules) -> Rules:
    """Return *rules* with names for ids, as far as a name leads back to the very same thing."""
    wanted = documents.named(rules)
    called = {kind: _looked_up(work, organization_id, kind, ids) for kind, ids in wanted.items() if ids}
    again = {
        kind: _looked_up(work, organization_id, kind, frozenset(one.names.values())) for kind, one in called.items()
    }

    def name_of(kind: str, id_: str, _: str) -> str:
        name = called[kind].names.get(id_)
        if name is None or name in again[kind].names or again[kind].ids.get(_key(kind, name)) != (id_,):
            return id_
        return name

    return documents.renamed(rules, name_of)


def of_rules(work: Work, organization_id: str, *rules: Rules) -> dict[str, str]:
    """Return what everything is called that *rules* name, by id; what is gone is missing."""
    wanted: dict[str, set[str]] = {}
    for one in rules:
        for kind, named in documents.named(one).items():
            wanted.setdefault(kind, set()).update(named)
    found: dict[str, str] = {}
    for kind, every in wanted.items():
        if every:
            found |= _looked_up(work, organization_id, kind, frozenset(every)).names
    return found


def ids(work: Work, organization_id: str, kind: str, name: str) -> tuple[str, ...]:
    """Return the ids of the things of a kind that go by a name, or have it as their id; the caller has checked who may."""
    called = _looked_up(work, organization_id, kind, [name])
    return (name,) if name in called.names else called.ids.get(_key(kind, name), ())


def called(work: Work, organization_id: str, kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Return what the things of a kind are called, by their ids; the caller has checked who may."""
    wanted = frozenset(ids)
    return dict(_looked_up(work, organization_id, kind, wanted).names) if wanted else {}


def lock_zones(work: Work, organization_id: str, zone_ids: Iterable[str]) -> bool:
    """
    Hold zones until the transaction ends, so that none is deleted, or named by a rule, in the meantime.

    A write that changes nothing: SQLite knows no SELECT FOR UPDATE, and would let others write between our read
    and our write.

    Returns:
        Whether all of them are there.
    """
    return all(work.tx.run(_LOCK, of_organization=organization_id, zone_id=one) for one in sorted(zone_ids))


def _looked_up(work: Work, organization_id: str, kind: str, references: Iterable[str]) -> Called:
    """Return names and ids of whatever *references* are an id or a name of."""
    wanted = sorted(set(references))
    called: dict[str, str] = {}
    ids: dict[str, list[str]] = {}
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        for id_, name in _rows(work, organization_id, kind, wanted[start : start + _MOST_AT_ONCE]):
            if id_ not in called:
                called[id_] = name
                ids.setdefault(_key(kind, name), []).append(id_)
    return Called(called, {name: tuple(found) for name, found in ids.items()})


def _rows(work: Work, organization_id: str, kind: str, references: list[str]) -> list[tuple[str, str]]:
    model, name, key, further = _WHERE_THEY_ARE[kind]
    keys = [found for found in (_key(kind, one) for one in references) if found]
    query = select(model.id, name).where(
        model.organization_id == organization_id, model.id.in_(references) | key.in_(keys), *further
    )
    return [(row[0], row[1]) for row in work.tx.session.execute(query)]


_WHERE_THEY_ARE: dict[
    str,
    tuple[
        type[Owned] | type[Zone],
        InstrumentedAttribute[str],
        InstrumentedAttribute[str],
        tuple[ColumnElement[bool], ...],
    ],
] = {
    "account": (Account, Account.email, Account.email_key, ()),
    "group": (Group, Group.name, Group.name_key, (Group.deleted_at.is_(None),)),
    "application": (Application, Application.name, Application.name, (Application.deleted_at.is_(None),)),
    "site": (Site, Site.slug, Site.slug, ()),
    "zone": (Zone, Zone.name, Zone.name, ()),
}


def _key(kind: str, reference: str) -> str:
    """Return the form in which a thing of that kind is unique; empty where it can be none."""
    if kind == "account":
        with suppress(Invalid):
            return names.email_key(reference)
        return ""
    return names.name_key(reference) if kind == "group" else normalize("NFC", reference)
