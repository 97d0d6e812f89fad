"""Verbs on zones: named parts of the network that rules speak of, or whose addresses get no answer at all."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import fullmatch

import orjson
from sqlalchemy import select

from idp.audit.events import ZoneChanged, ZoneCreated, ZoneDeleted
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Place, Work
from idp.directory import access_names, access_policies, names, queries
from idp.directory.access_policies import BLOCKLIST, POLICY, Change, Judge, Standing
from idp.policy.access import documents
from idp.policy.access.networks import compile_zone, parsed
from idp.policy.models import AccessPolicy, AccessPolicyVersion, Zone
from idp.policy.permissions import Permission, require

USAGES = (POLICY, BLOCKLIST)
MOST_NETWORKS = 10_000
MOST_NETWORKS_TOGETHER = 100_000
"""In all zones of an organization: every process holds all of them."""
MOST_PLACES = 500
"""Systems, countries and cities, of each."""
_MOST_ZONES = 200
_LONGEST_CITY = 120
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What a zone is made of. An address is in it that is in a network, or whose place is one of the others."""

    networks: tuple[str, ...] = ()
    asns: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What tells these contents from others."""
        return sha256(orjson.dumps([self.networks, self.asns, self.countries, self.cities])).hexdigest()


def contents_of(zone: Zone) -> Contents:
    """Return what a zone is made of."""
    return Contents(tuple(zone.networks), tuple(zone.asns), tuple(zone.countries), tuple(zone.cities))


def checked(contents: Contents) -> Contents:
    """
    Return *contents* in one way of writing: networks as CIDR in order, without doubles; codes in capitals.

    Raises:
        Invalid: something is no network, system, country or city, or there is too much of it.
    """
    for name in ("networks", "asns", "countries", "cities"):
        most = MOST_NETWORKS if name == "networks" else MOST_PLACES
        if len(getattr(contents, name)) > most:
            raise Invalid(
                phrase("A zone has at most %(most)s %(name)s.", most=most, name=name),
                field=name,
                advice="Make several zones of it.",
            )
    return Contents(
        networks=_networks(contents.networks),
        asns=tuple(sorted({_asn(one) for one in contents.asns}, key=int)),
        countries=tuple(sorted({_country(one) for one in contents.countries})),
        cities=tuple(sorted({_city(one) for one in contents.cities})),
    )


def zones(work: Work, organization: str) -> list[Zone]:
    """
    Return the zones of an organization by name.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not see policies there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_READ, owner.id)
    query = select(Zone).where(Zone.organization_id == owner.id).order_by(Zone.name)
    return list(work.tx.session.scalars(query))


def zone(work: Work, organization: str, reference: str) -> Zone:
    """
    Return the zone with the id or name *reference*.

    Raises:
        NotFound: no such organization or zone that this actor may see.
        Forbidden: the actor may not see policies there.
    """
    every = zones(work, organization)
    found = next((one for one in every if one.id == reference), None) or next(
        (one for one in every if names.name_key(one.name) == names.name_key(reference)), None
    )
    if found is None:
        raise NotFound(
            phrase("There is no zone “%(reference)s”.", reference=reference[:80]),
            field="zone",
            advice="See: idp zone list",
        )
    return found


def create(
    work: Work,
    organization: str,
    name: str,
    contents: Contents,
    *,
    usage: str = POLICY,
    judge: Judge | None = None,
) -> Zone:
    """
    Create a zone.

    Args:
        usage: ``policy``: rules may name it; ``blocklist``: its addresses get no answer at all.
        judge: called before a zone of the block list is kept.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: name, usage or contents cannot be used.
        Conflict: there is a zone of that name, or there are as many as an organization can have.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    there = zones(work, organization)
    name, contents = _free_name(there, name), checked(contents)
    _check_usage(usage)
    if len(there) >= _MOST_ZONES:
        raise Conflict(phrase("An organization has at most %(most_zones)s zones.", most_zones=_MOST_ZONES))
    _check_room(there, contents)
    made = Zone(
        organization_id=owner.id,
        id=new_id("zon"),
        name=name,
        usage=usage,
        created_at=work.now,
        **_stored(contents),
    )
    if usage == BLOCKLIST:
        _judge(work, judge, there, made, f"added the zone “{name}” to the block list")
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        ZoneCreated(organization_id=owner.id, target_id=made.id, name=name, usage=usage, contents=described(contents)),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return made


def change(
    work: Work,
    organization: str,
    reference: str,
    *,
    name: str | None = None,
    contents: Contents | None = None,
    usage: str | None = None,
    if_version: int | None = None,
    judge: Judge | None = None,
) -> Zone:
    """
    Change a zone; what is None stays. Rules that name it count with its new contents at once.

    Raises:
        NotFound: no such organization or zone that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: name, usage or contents cannot be used.
        Conflict: there is a zone of that name, or somebody else has changed it in the meantime.
    """
    found = _to_edit(work, organization, reference)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    there = zones(work, organization)
    before, before_name, before_usage = contents_of(found), found.name, found.usage
    after_name = before_name if name is None else _free_name([one for one in there if one.id != found.id], name)
    after = before if contents is None else checked(contents)
    _check_room([one for one in there if one.id != found.id], after)
    after_usage = before_usage if usage is None else _check_usage(usage)
    changes = _differences(before, after)
    if after_name != before_name:
        changes = (f"name: {before_name} → {after_name}", *changes)
    if after_usage != before_usage:
        changes = (f"usage: {before_usage} → {after_usage}", *changes)
    if not changes:
        return found
    then = Zone(
        organization_id=found.organization_id, id=found.id, name=after_name, usage=after_usage, **_stored(after)
    )
    _judge(work, judge, there, then, f"changed the zone “{after_name}”: {'; '.join(changes)}")
    found.name, found.usage = after_name, after_usage
    for column, value in _stored(after).items():
        setattr(found, column, value)
    work.tx.session.flush()
    record(
        work,
        ZoneChanged(organization_id=found.organization_id, target_id=found.id, name=before_name, changes=changes),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return found


def delete(work: Work, organization: str, reference: str, *, if_version: int | None = None) -> Zone:
    """
    Delete a zone.

    Args:
        if_version: the version that whoever deletes it has seen.

    Raises:
        NotFound: no such organization or zone that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: a rule names it, or somebody else has changed it in the meantime.
    """
    found = _to_edit(work, organization, reference)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    _refuse_if_named(work, found)
    contents = contents_of(found)
    work.tx.session.delete(found)
    record(
        work,
        ZoneDeleted(
            organization_id=found.organization_id, target_id=found.id, name=found.name, contents=described(contents)
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return found


@dataclass(frozen=True, slots=True)
class Tested:
    """Whether an address is in a zone."""

    zone_id: str
    name: str
    usage: str
    inside: bool


def test(work: Work, organization: str, ip: str, place: Place) -> list[Tested]:
    """
    Say of every zone whether an address is in it.

    Args:
        place: where the address is; what is empty is not known.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not see policies there.
        Invalid: *ip* is no address.
    """
    every = zones(work, organization)
    if parsed(ip) is None:
        raise Invalid(
            phrase("“%(ip)s” is no address.", ip=ip[:80]), field="ip", advice="Write it like 192.0.2.1 or 2001:db8::1."
        )
    found = []
    for one in every:
        compiled = compile_zone(one.networks, one.asns, one.countries, one.cities)
        inside = bool(compiled.contains(ip, place.country, place.city, place.asn))
        found.append(Tested(one.id, one.name, one.usage, inside))
    return found


def described(contents: Contents) -> tuple[str, ...]:
    """Return in words what a zone is made of, a part each; of many only the first few."""
    parts = []
    for field in fields(contents):
        values = getattr(contents, field.name)
        if values:
            parts.append(f"{len(values)} {_counted(field.name, len(values))}: {_few(values)}")
    return tuple(parts)


def _differences(before: Contents, after: Contents) -> tuple[str, ...]:
    found = []
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        there, here = set(old), set(new)
        added, removed = [one for one in new if one not in there], [one for one in old if one not in here]
        for word, which in (("added", added), ("removed", removed)):
            if which:
                found.append(f"{word} {len(which)} {_counted(field.name, len(which))}: {_few(which)}")
    return tuple(found)


_ONE = {"networks": "network", "asns": "system", "countries": "country", "cities": "city"}


def _counted(name: str, count: int) -> str:
    return _ONE[name] if count == 1 else {"asns": "systems"}.get(name, name)


def _few(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_SHOWN])
    return shown if len(values) <= _SHOWN else f"{shown} and {len(values) - _SHOWN} more"


def _to_edit(work: Work, organization: str, reference: str) -> Zone:
    found = zone(work, organization, reference)
    require(work, Permission.POLICY_EDIT, found.organization_id)
    if not access_names.lock_zones(work, found.organization_id, {found.id}):
        raise NotFound(phrase("The zone “%(name)s” was deleted just now.", name=found.name), field="zone")
    work.tx.session.refresh(found)
    return found


def named_by(work: Work, zone_: Zone) -> list[tuple[str, str]]:
    """
    Return policy and rule, by their names, wherever a zone that the actor has been given is named.

    By rules that count, or that count again when a trial ends; older versions may name what is gone.
    """
    query = (
        select(AccessPolicy.name, AccessPolicyVersion.rules)
        .join(
            AccessPolicyVersion,
            (AccessPolicyVersion.organization_id == AccessPolicy.organization_id)
            & (AccessPolicyVersion.policy_id == AccessPolicy.id)
            & AccessPolicyVersion.number.in_((AccessPolicy.current, AccessPolicy.confirmed)),
        )
        .where(AccessPolicy.organization_id == zone_.organization_id)
        .order_by(AccessPolicy.name)
    )
    found: list[tuple[str, str]] = []
    for policy, stored in work.tx.session.execute(query):
        rules = documents.rules_from_json(stored)
        for rule in (*rules.guards, *rules.rules):
            if zone_.id in rule.conditions.networks.zones | rule.conditions.networks.except_zones:
                found.append((policy, rule.name))
    return list(dict.fromkeys(found))


def _refuse_if_named(work: Work, zone_: Zone) -> None:
    for policy, rule in named_by(work, zone_):
        raise Conflict(
            phrase(
                "“%(name)s” cannot be deleted: the rule “%(rule)s” of the access policy “%(policy)s” names it.",
                name=zone_.name,
                rule=rule,
                policy=policy,
            ),
            advice="Change that rule first.",
        )


def _judge(work: Work, judge: Judge | None, there: Iterable[Zone], then: Zone, what: str) -> None:
    if judge is None:
        return
    now = access_policies.as_it_is(work, then.organization_id)
    judge(work, Change(then.organization_id, what, now, _with(now, there, then)))


def _with(now: Standing, there: Iterable[Zone], then: Zone) -> Standing:
    every = {one.id: (one.name, one.usage) for one in there} | {then.id: (then.name, then.usage)}
    contents = {**now.zones, then.id: compile_zone(then.networks, then.asns, then.countries, then.cities)}
    listed = {id_: name for id_, (name, usage) in every.items() if usage == BLOCKLIST}
    return access_policies.with_zones(now, contents, listed)


def _free_name(there: Iterable[Zone], name: str) -> str:
    name = names.name(name)
    if any(names.name_key(one.name) == names.name_key(name) for one in there):
        raise Conflict(phrase("There is a zone “%(name)s” already.", name=name), field="name")
    return name


def _check_room(others: Iterable[Zone], contents: Contents) -> None:
    if sum(len(one.networks) for one in others) + len(contents.networks) > MOST_NETWORKS_TOGETHER:
        raise Conflict(
            phrase(
                "The zones of an organization have at most %(most_networks_together)s networks together.",
                most_networks_together=MOST_NETWORKS_TOGETHER,
            ),
            advice="Write several networks as a wider one, or take out what is not needed any more.",
        )


def _check_usage(usage: str) -> str:
    if usage not in USAGES:
        raise Invalid("A zone is used by policy or as blocklist.", field="usage")
    return usage


def _stored(contents: Contents) -> dict[str, list[str] | str]:
    lists: dict[str, list[str] | str] = {field.name: list(getattr(contents, field.name)) for field in fields(contents)}
    return {**lists, "digest": contents.digest}


def _networks(written: Sequence[str]) -> tuple[str, ...]:
    found = {_network(one) for one in written}
    return tuple(str(one) for one in sorted(found, key=lambda n: (n.version, int(n.network_address), n.prefixlen)))


def _network(written: str) -> IPv4Network | IPv6Network:
    with suppress(ValueError):
        return ip_network(written)
    try:
        meant = ip_network(written, strict=False)
    except ValueError:
        raise Invalid(
            phrase("“%(written)s” is no network.", written=written[:80]),
            field="networks",
            advice="Write it like 192.0.2.0/24 or 2001:db8::/32.",
        ) from None
    raise Invalid(
        phrase("“%(written)s” is no network: it has bits behind its prefix.", written=written[:80]),
        field="networks",
        advice=phrase("Write %(meant)s.", meant=meant),
    )


def _asn(written: str) -> str:
    number = written.strip().upper().removeprefix("AS")
    if not fullmatch("[0-9]{1,10}", number) or not 0 < int(number) < 2**32:
        raise Invalid(
            phrase("“%(written)s” is no autonomous system.", written=written[:80]),
            field="asns",
            advice="Write it like AS64500.",
        )
    return str(int(number))


def _country(written: str) -> str:
    if not fullmatch("[A-Za-z]{2}", written.strip()):
        raise Invalid(
            phrase("“%(written)s” is no country.", written=written[:80]),
            field="countries",
            advice="Write it like DE (ISO 3166).",
        )
    return written.strip().upper()


def _city(written: str) -> str:
    country, slash, name = written.partition("/")
    if not slash or not name.strip() or len(name) > _LONGEST_CITY:
        raise Invalid(
            phrase("“%(written)s” is no city.", written=written[:80]), field="cities", advice="Write it like DE/Berlin."
        )
    return f"{_country(country)}/{names.name(name, field='cities')}"
