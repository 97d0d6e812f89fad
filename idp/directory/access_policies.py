"""
Access policies: what counts at a sign-on, as a process may remember it for a second, and the verbs on them.

A version is never changed: to write is to add one and to let it count. What was compiled of zones and versions
is kept by the digests of what they hold, so that a second's end costs two small queries and no compiling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from idp.audit.events import AccessPolicyChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, NotFound
from idp.base.ids import new_id
from idp.base.memory import ContentMemory
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access_names, access_trials, queries
from idp.directory.models import Organization
from idp.policy.access import document_writing, documents, words
from idp.policy.access.evaluate import Compiled
from idp.policy.access.networks import CompiledZone, compile_zone
from idp.policy.access.rules import Rules
from idp.policy.models import AccessPolicy, AccessPolicyVersion, Zone
from idp.policy.permissions import Permission, require

SESSION, APPLICATION = "session", "application"
POLICY, BLOCKLIST = "policy", "blocklist"

_POLICIES = Prepared(
    select(
        *(AccessPolicy.id, AccessPolicy.kind, AccessPolicy.name, AccessPolicy.is_default),
        *(AccessPolicy.current, AccessPolicy.confirmed, AccessPolicy.rolls_back_at),
        *(AccessPolicyVersion.number, AccessPolicyVersion.digest),
    )
    .join(
        AccessPolicyVersion,
        (AccessPolicyVersion.organization_id == AccessPolicy.organization_id)
        & (AccessPolicyVersion.policy_id == AccessPolicy.id)
        & (
            (AccessPolicyVersion.number == AccessPolicy.current)
            | (AccessPolicyVersion.number == AccessPolicy.confirmed)
        ),
    )
    .where(AccessPolicy.organization_id == bindparam("organization_id"))
)
_RULES = Prepared(
    select(AccessPolicyVersion.rules).where(
        AccessPolicyVersion.organization_id == bindparam("organization_id"),
        AccessPolicyVersion.policy_id == bindparam("policy_id"),
        AccessPolicyVersion.number == bindparam("number"),
    )
)
_ZONES = Prepared(
    select(Zone.id, Zone.name, Zone.usage, Zone.digest)
    .where(Zone.organization_id == bindparam("organization_id"))
    .order_by(Zone.name)
)
_ZONE = Prepared(
    select(Zone.networks, Zone.asns, Zone.countries, Zone.cities).where(
        Zone.organization_id == bindparam("organization_id"), Zone.id == bindparam("zone_id")
    )
)
_CONSOLE = Prepared(select(Organization.console_policy_id).where(Organization.id == bindparam("organization_id")))
_LOCK = Prepared(
    update(table(AccessPolicy))
    .where(
        table(AccessPolicy).c.organization_id == bindparam("of_organization"),
        table(AccessPolicy).c.id == bindparam("policy_id"),
    )
    .values(version=table(AccessPolicy).c.version)
)
"""A write that changes nothing locks the row everywhere; SQLite knows no SELECT FOR UPDATE."""
_MOST_REMEMBERED = 2_000_000
"""Networks, places and rules in the memory of a process: of twenty organizations that have as much as one may."""
_compiled = ContentMemory(_MOST_REMEMBERED, lambda made: made.weight)
"""By digests of the contents: nothing in it can become wrong, whatever is rolled back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    The access policies of an organization as they count now.

    Args:
        session: asked at every sign-on.
        applications: those for applications by their ids; None: the default.
        zones: every zone by its id.
        blocklist: name and contents of the zones whose addresses get no answer at all.
        until: when a trial ends, and with it this; None: no policy is on trial.
        console_id: id of the policy that the admin console is under; None: the default for applications.
        trivial: whether every request passes: no rule, no demand, no block list.
    """

    session: Compiled
    applications: Mapping[str | None, Compiled]
    zones: Mapping[str, CompiledZone] = field(default_factory=dict)
    blocklist: tuple[tuple[str, CompiledZone], ...] = ()
    until: datetime | None = None
    console_id: str | None = None
    trivial: bool = field(init=False)

    def __post_init__(self) -> None:
        policies = (self.session, *self.applications.values())
        object.__setattr__(self, "trivial", not self.blocklist and all(policy.trivial for policy in policies))

    @property
    def console(self) -> Compiled:
        """The policy that the admin console is under, beside the one for sessions."""
        return self.of_application(self.console_id)

    def of_application(self, access_policy_id: str | None) -> Compiled:
        """Return the policy that an application is under, by its ``access_policy_id``."""
        return self.applications.get(access_policy_id) or self.applications[None]

    def blocked(self, ip: str, country: str, city: str, asn: str) -> str | None:
        """Return the name of the zone of the block list that an address is in, None if it is in none."""
        return next((name for name, zone in self.blocklist if zone.contains(ip, country, city, asn)), None)


def standing(work: Work, organization_id: str) -> Standing:
    """Return the access policies of an organization as they counted at some moment of the last second."""
    known = work.tx.memory.recall(("access-policies", organization_id), lambda: as_it_is(work, organization_id))
    return as_it_is(work, organization_id) if known.until is not None and known.until <= work.now else known


def as_it_is(work: Work, organization_id: str, *, falls_back: bool = False) -> Standing:
    """
    Return the access policies of an organization as this transaction sees them.

    Args:
        falls_back: as they would be if no trial were confirmed.
    """
    rows = work.tx.rows(_ZONES, organization_id=organization_id)
    zones = {row.id: _zone(work, organization_id, row.id, row.digest) for row in rows}
    digests = tuple(sorted((row.id, row.digest) for row in rows))
    applications: dict[str | None, Compiled] = {}
    session: Compiled | None = None
    ends: list[datetime] = []
    for row in work.tx.rows(_POLICIES, organization_id=organization_id):
        counts = counting(row.current, row.confirmed, row.rolls_back_at, work.now)
        if row.number != (row.confirmed if falls_back else counts):
            continue
        if row.rolls_back_at is not None and row.rolls_back_at > work.now:
            ends.append(row.rolls_back_at)
        policy = _policy(work, organization_id, row, zones, digests)
        if row.kind == SESSION:
            session = policy
            continue
        applications[row.id] = policy
        if row.is_default:
            applications[None] = policy
    if session is None or None not in applications:
        raise LookupError("an organization without its access policies")
    listed = tuple((row.name, zones[row.id]) for row in rows if row.usage == BLOCKLIST)
    console_id = work.tx.rows(_CONSOLE, organization_id=organization_id)[0].console_policy_id
    return Standing(session, applications, zones, listed, min(ends, default=None), console_id)


def counting(current: int, confirmed: int, rolls_back_at: datetime | None, now: datetime) -> int:
    """Return which version of a policy counts at *now*: a trial that is over is over, whether noted or not."""
    return confirmed if rolls_back_at is not None and rolls_back_at <= now else current


def _zone(work: Work, organization_id: str, zone_id: str, digest: str) -> CompiledZone:
    def read() -> CompiledZone:
        row = work.tx.rows(_ZONE, organization_id=organization_id, zone_id=zone_id)[0]
        return compile_zone(row.networks, row.asns, row.countries, row.cities)

    return _compiled.recall(("zone", digest), read) if digest else read()


def _policy(
    work: Work, organization_id: str, row: Any, zones: Mapping[str, CompiledZone], digests: tuple[tuple[str, str], ...]
) -> Compiled:
    def read() -> Compiled:
        rules = _read(work, organization_id, row.id, row.number)
        return compiled(row.id, row.name, row.number, rules, zones)

    if not row.digest:
        return read()
    return _compiled.recall(("policy", row.id, row.name, row.number, row.digest, digests), read)


def compiled(policy_id: str, name: str, number: int, rules: Rules, zones: Mapping[str, CompiledZone]) -> Compiled:
    """Return a policy that is ready to be asked, with those of *zones* that it names."""
    wanted = documents.named(rules)["zone"]
    return Compiled(policy_id, name, number, rules, {one: zones[one] for one in wanted if one in zones})


def _read(work: Work, organization_id: str, policy_id: str, number: int) -> Rules:
    row = work.tx.row(_RULES, organization_id=organization_id, policy_id=policy_id, number=number)
    if row is None:
        raise NotFound(phrase("There is no version %(number)s of this policy.", number=number), field="version")
    return documents.rules_from_json(row.rules)


# --- for administrators


def policies(work: Work, organization: str) -> list[AccessPolicy]:
    """
    Return the access policies of an organization, that for sessions first.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not see policies there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_READ, owner.id)
    query = select(AccessPolicy).where(AccessPolicy.organization_id == owner.id)
    return sorted(
        work.tx.session.scalars(query), key=lambda one: (one.kind != SESSION, not one.is_default, one.name.casefold())
    )


def policy(work: Work, organization: str, reference: str) -> AccessPolicy:
    """
    Return the access policy with the id or name *reference*.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not see policies there.
    """
    for one in (found := policies(work, organization)):
        if one.id == reference:
            return one
    for one in found:
        if one.name.casefold() == reference.casefold():
            return one
    raise NotFound(
        phrase("There is no access policy “%(reference)s”.", reference=reference[:80]),
        field="policy",
        advice="See: idp access list",
    )


def number_of(work: Work, of: AccessPolicy) -> int:
    """Return the number of the version that counts now, of a policy that the actor has been given."""
    return counting(of.current, of.confirmed, of.rolls_back_at, work.now)


def rules_of(work: Work, of: AccessPolicy, number: int | None = None) -> Rules:
    """
    Return the rules of a policy that the actor has been given: those that count now, or those of a version.

    Raises:
        NotFound: there is no such version.
    """
    return _read(work, of.organization_id, of.id, number_of(work, of) if number is None else number)


def history(work: Work, of: AccessPolicy) -> list[AccessPolicyVersion]:
    """Return the versions of a policy that the actor has been given, the newest first."""
    query = (
        select(AccessPolicyVersion)
        .where(AccessPolicyVersion.organization_id == of.organization_id, AccessPolicyVersion.policy_id == of.id)
        .order_by(AccessPolicyVersion.number.desc())
    )
    return list(work.tx.session.scalars(query))


@dataclass(frozen=True, slots=True)
class Change:
    """
    A change that is good in itself and not kept yet.

    Args:
        what: in words, for a refusal.
        now, then: the standing without the change, and with it.
    """

    organization_id: str
    what: str
    now: Standing
    then: Standing


Judge = Callable[[Work, Change], None]
"""Is called before a change is kept; refuses it by raising. The lock-out guard looks from outside (`signon.guarding`)."""


@dataclass(frozen=True, slots=True)
class Written:
    """What writing has done: the policy, which version counted before, and the differences in words."""

    policy: AccessPolicy
    former: int
    changes: tuple[str, ...]


def write(
    work: Work,
    organization: str,
    policy_: str,
    rules: Rules,
    *,
    if_version: int | None = None,
    judge: Judge | None = None,
    because: str = "",
    trial: int | None = None,
) -> Written:
    """
    Give a policy new rules, as a new version that counts from now on. Nothing is written where nothing differs.

    Args:
        rules: what they name may be ids, or what an administrator calls it.
        if_version: the number of the version that the change was made for.
        judge: called before it is kept.
        because: what made the change, for the audit log ("restored version 3").
        trial: minutes after which what counts now counts again, unless somebody confirms the change.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: the rules name what is not there; or a trial is too short or too long.
        Conflict: somebody else has changed the policy, or deleted a zone that it names, in the meantime; or another
            change of it is on trial.
    """
    found = to_edit(work, organization, policy_)
    access_trials.settle(work, found)
    former = counting(found.current, found.confirmed, found.rolls_back_at, work.now)
    if if_version is not None and if_version != former:
        raise ChangedMeanwhile(found.id)
    before = _read(work, found.organization_id, found.id, former)
    resolved = access_names.resolved(work, found.organization_id, rules, before=before)
    after = documents.with_ids(resolved, lambda: new_id("rul"), before=before)
    called = access_names.of_rules(work, found.organization_id, before, after)
    changes = words.differences(before, after, called)
    if not changes:
        return Written(found, former, ())
    if judge is not None:
        now = as_it_is(work, found.organization_id)
        judge(work, Change(found.organization_id, "; ".join(changes), now, with_rules(now, found, after)))
    if not access_names.lock_zones(work, found.organization_id, documents.named(after)["zone"]):
        raise Conflict("A zone that these rules name was deleted just now.", advice="See: idp zone list")
    found.current = add_version(work, found, after)
    if trial is None:
        found.confirmed = found.current
    record(
        work,
        AccessPolicyChanged(
            organization_id=found.organization_id,
            target_id=found.id,
            name=found.name,
            number=found.current,
            because=because,
            changes=changes,
        ),
    )
    if trial is not None:
        access_trials.begin(work, found, trial)
    return Written(found, former, changes)


def proposed(work: Work, of: AccessPolicy, rules: Rules) -> Standing:
    """
    Return what would count if a policy that the actor has been given had *rules*. Nothing is written.

    Raises:
        Invalid: the rules name what is not there.
    """
    before = rules_of(work, of)
    resolved = access_names.resolved(work, of.organization_id, rules, before=before)
    after = documents.with_ids(resolved, lambda: new_id("rul"), before=before)
    return with_rules(as_it_is(work, of.organization_id), of, after)


def restore(
    work: Work,
    organization: str,
    policy_: str,
    number: int,
    *,
    if_version: int | None = None,
    judge: Judge | None = None,
    trial: int | None = None,
) -> Written:
    """
    Let the rules of an older version count again, as a new version.

    Raises:
        NotFound: no such organization, policy or version that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: they name what is not there any more.
        Conflict: somebody else has changed the policy in the meantime.
    """
    found = policy(work, organization, policy_)
    rules = rules_of(work, found, number)
    return write(
        work,
        organization,
        found.id,
        rules,
        if_version=if_version,
        judge=judge,
        because=f"restored version {number}",
        trial=trial,
    )


def to_edit(work: Work, organization: str, reference: str) -> AccessPolicy:
    """
    Return the access policy with the id or name *reference*, locked until the end of the transaction.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
    """
    found = policy(work, organization, reference)
    require(work, Permission.POLICY_EDIT, found.organization_id)
    if not work.tx.run(_LOCK, of_organization=found.organization_id, policy_id=found.id):
        raise NotFound(phrase("The access policy “%(name)s” was deleted just now.", name=found.name), field="policy")
    work.tx.session.refresh(found)
    return found


def add_version(work: Work, of: AccessPolicy, rules: Rules) -> int:
    """Add a version to a policy that is locked; return its number. The caller has checked who may."""
    last = select(func.max(AccessPolicyVersion.number)).where(
        AccessPolicyVersion.organization_id == of.organization_id, AccessPolicyVersion.policy_id == of.id
    )
    number = (work.tx.session.scalar(last) or 0) + 1
    document = document_writing.rules_to_json(rules)
    work.tx.session.add(
        AccessPolicyVersion(
            organization_id=of.organization_id,
            policy_id=of.id,
            number=number,
            rules=document,
            digest=documents.digest(document),
            created_at=work.now,
            created_by=(work.actor.name or work.actor.id)[:320],
        )
    )
    work.tx.session.flush()
    work.tx.after_commit(work.tx.memory.forget)
    return number


def with_rules(standing_: Standing, of: AccessPolicy, rules: Rules) -> Standing:
    """Return what *standing_* would be if a policy had these rules."""
    new = compiled(of.id, of.name, of.current + 1, rules, standing_.zones)
    if of.kind == SESSION:
        return replace(standing_, session=new)
    changed: dict[str | None, Compiled] = {**standing_.applications, of.id: new}
    return replace(standing_, applications=changed | ({None: new} if of.is_default else {}))


def with_zones(standing_: Standing, zones: Mapping[str, CompiledZone], blocklist: Mapping[str, str]) -> Standing:
    """
    Return what *standing_* would be with other zones.

    Args:
        blocklist: names of the zones whose addresses get no answer, by their ids.
    """

    def again(one: Compiled) -> Compiled:
        return compiled(one.policy_id, one.name, one.version, one.rules, zones)

    return Standing(
        session=again(standing_.session),
        applications={id_: again(one) for id_, one in standing_.applications.items()},
        zones=zones,
        blocklist=tuple((name, zones[id_]) for id_, name in sorted(blocklist.items(), key=lambda one: one[1])),
        console_id=standing_.console_id,
    )
