"""
What each condition of a rule asks, compiled: whether it holds, cannot be told, and how that is said. Pure.

Those on the session are in `session_conditions`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from idp.base.errors import Unavailable
from idp.base.texts import joined, phrase
from idp.policy.access.asked import Asked, Condition, Names, all_of, listed
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.rules import Conditions, Networks, People, Targets, Times
from idp.policy.access.session_conditions import NotProven, ProofOlder, Proven, SessionOlder

_DAY = 24 * 60
DAYS = (
    *(phrase("Monday"), phrase("Tuesday"), phrase("Wednesday"), phrase("Thursday"), phrase("Friday")),
    *(phrase("Saturday"), phrase("Sunday")),
)
_NOTHING: frozenset[str] = frozenset()


def compiled(conditions: Conditions) -> tuple[Condition, ...]:
    """
    Return what *conditions* ask, the cheap ones first; what says nothing is left out.

    Raises:
        Unavailable: this machine does not know the time zone.
    """
    devices, sessions = conditions.devices, conditions.sessions
    made: list[Condition | None] = [
        _Requests(conditions.requests) if conditions.requests else None,
        _Targets(conditions.targets) if conditions.targets != Targets() else None,
        _People(conditions.people) if conditions.people != People() else None,
        _KnownDevice(devices.known) if devices.known is not None else None,
        _Certificate(devices.certificate) if devices.certificate is not None else None,
        _Family("operating_system", devices.operating_systems) if devices.operating_systems else None,
        _Family("browser", devices.browsers) if devices.browsers else None,
        _Behaviours(conditions.behaviours) if conditions.behaviours else None,
        Proven(sessions.proven) if sessions.proven else None,
        NotProven(sessions.not_proven) if sessions.not_proven else None,
        SessionOlder(sessions.older_than) if sessions.older_than is not None else None,
        ProofOlder(sessions.proof_older_than) if sessions.proof_older_than is not None else None,
        _Networks(conditions.networks) if conditions.networks != Networks() else None,
        _times(conditions.times) if conditions.times is not None else None,
    ]
    return tuple(condition for condition in made if condition is not None)


@dataclass(frozen=True, slots=True)
class _People:
    of: People

    def holds(self, asked: Asked) -> bool | None:
        context, of = asked.context, self.of
        if not context.account_id:
            return not (of.accounts or of.groups or of.kinds)
        if context.account_id in of.except_accounts:
            return False
        included = self._included(context)
        if included is False or not of.except_groups:
            return included
        if context.groups is None:
            return None
        return included if context.groups.isdisjoint(of.except_groups) else False

    def _included(self, context: Context) -> bool | None:
        of = self.of
        if context.account_id in of.accounts or not (of.accounts or of.groups or of.kinds):
            return True
        if (of.groups and context.groups and not of.groups.isdisjoint(context.groups)) or context.kind in of.kinds:
            return True
        untold = (of.groups and context.groups is None) or (of.kinds and context.kind is None)
        return None if untold else False

    def unknown(self, asked: Asked) -> frozenset[str]:
        context, of = asked.context, self.of
        found = {"groups"} if context.groups is None and (of.groups or of.except_groups) else set()
        return frozenset(found | ({"kind"} if context.kind is None and of.kinds else set()))

    def said(self, names: Names) -> str:
        of = self.of
        parts: list[str] = []
        if of.accounts:
            parts.append(phrase("is %(person)s", person=listed(of.accounts, names)))
        if of.groups:
            parts.append(_in_groups(of.groups, names))
        if of.kinds:
            parts.append(phrase("is a %(kind)s", kind=listed(frozenset(of.kinds), _KINDS)))
        who = phrase("the person %(who)s", who=joined(parts, " or ")) if parts else None
        excepted = [listed(of.except_accounts, names)] if of.except_accounts else []
        if of.except_groups:
            excepted.append(phrase("who is in %(groups)s", groups=listed(of.except_groups, names)))
        if not excepted:
            return who or ""
        return phrase("%(who)s, except %(excepted)s", who=who or phrase("anyone"), excepted=joined(excepted, " and "))

    def found(self, asked: Asked, names: Names) -> str:
        context = asked.context
        if not context.account_id:
            return phrase("no person takes part")
        if context.account_id in self.of.except_accounts:
            return phrase("this account is excepted")
        if context.groups and not context.groups.isdisjoint(self.of.except_groups):
            excepted = all_of(context.groups & self.of.except_groups, names)
            return phrase("members of %(groups)s are excepted", groups=excepted)
        person = names.get(context.account_id, context.account_id)
        groups = phrase("no group") if not context.groups else all_of(context.groups, names)
        if context.kind is None:
            return phrase(
                "%(person)s is an account of a kind that is not known, in %(groups)s", person=person, groups=groups
            )
        return phrase(
            "%(person)s is a %(kind)s, in %(groups)s", person=person, kind=_KINDS[context.kind], groups=groups
        )


_KINDS: dict[str, str] = {
    AccountKind.MEMBER: phrase("member"),
    AccountKind.GUEST: phrase("guest"),
    AccountKind.BREAK_GLASS: phrase("break-glass account"),
}


def _in_groups(of: frozenset[str], names: Names) -> str:
    if len(of) == 1:
        return phrase("is in the group %(group)s", group=listed(of, names))
    return phrase("is in one of the groups %(groups)s", groups=listed(of, names))


@dataclass(frozen=True, slots=True)
class _Targets:
    of: Targets

    def holds(self, asked: Asked) -> bool:
        context, of = asked.context, self.of
        if context.application_id in of.except_applications:
            return False
        return (
            not (of.applications or of.sites)
            or context.application_id in of.applications
            or context.site_id in of.sites
        )

    def unknown(self, _: Asked) -> frozenset[str]:
        return _NOTHING

    def said(self, names: Names) -> str:
        of = self.of
        parts = [listed(of.applications, names)] if of.applications else []
        if of.sites:
            parts.append(phrase("an application of %(sites)s", sites=listed(of.sites, names)))
        what = joined(parts, " or ") if parts else phrase("anything")
        if not of.except_applications:
            return phrase("it is for %(what)s", what=what)
        return phrase(
            "it is for %(what)s, except %(excepted)s", what=what, excepted=all_of(of.except_applications, names)
        )

    def found(self, asked: Asked, names: Names) -> str:
        application = asked.context.application_id
        if not application:
            return phrase("it is for our own pages")
        return phrase("it is for %(what)s", what=names.get(application, application))


@dataclass(frozen=True, slots=True)
class _Networks:
    of: Networks

    def holds(self, asked: Asked) -> bool | None:
        included: bool | None = not self.of.zones
        for zone in self.of.zones:
            inside = asked.inside(zone)
            if inside:
                included = True
                break
            if inside is None:
                included = None
        if included is False:
            return False
        for zone in self.of.except_zones:
            inside = asked.inside(zone)
            if inside:
                return False
            if inside is None:
                included = None
        return included

    def unknown(self, asked: Asked) -> frozenset[str]:
        untold = [zone for zone in (*self.of.zones, *self.of.except_zones) if asked.inside(zone) is None]
        return frozenset().union(*(asked.unknown_of(zone) for zone in untold))

    def said(self, names: Names) -> str:
        of = self.of
        if not of.except_zones:
            return phrase("the address is in %(zones)s", zones=listed(of.zones, names)) if of.zones else ""
        outside = listed(of.except_zones, names)
        if not of.zones:
            return phrase("the address is not in %(zones)s", zones=outside)
        return phrase(
            "the address is in %(zones)s, but not in %(excepted)s", zones=listed(of.zones, names), excepted=outside
        )

    def found(self, asked: Asked, names: Names) -> str:
        context = asked.context
        excepted = frozenset(zone for zone in self.of.except_zones if asked.inside(zone))
        where = ", ".join(part for part in (context.city, context.country, _system(context.asn)) if part)
        address = context.ip or phrase("an unknown address")
        if where:
            address = phrase("%(address)s (%(place)s)", address=address, place=where)
        if excepted:
            return phrase("%(address)s is in %(zones)s", address=address, zones=all_of(excepted, names))
        if len(self.of.zones) > 1:
            return phrase("%(address)s is in none of them", address=address)
        return phrase("%(address)s is in another place", address=address)


def _system(asn: str | None) -> str:
    return f"AS{asn}" if asn else ""


@dataclass(frozen=True, slots=True)
class _KnownDevice:
    known: bool

    def holds(self, asked: Asked) -> bool | None:
        found = asked.context.device_known
        return None if found is None else found is self.known

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"device_known"})

    def said(self, _: Names) -> str:
        return phrase("the device is known") if self.known else phrase("the device is not known")

    def found(self, _: Asked, __: Names) -> str:
        return phrase("it is not") if self.known else phrase("it is known")


@dataclass(frozen=True, slots=True)
class _Certificate:
    presented: bool

    def holds(self, asked: Asked) -> bool | None:
        found = asked.context.certificate
        return None if found is None else bool(found) is self.presented

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"certificate"})

    def said(self, _: Names) -> str:
        if self.presented:
            return phrase("the device presents a client certificate")
        return phrase("the device presents no client certificate")

    def found(self, asked: Asked, _: Names) -> str:
        if self.presented:
            return phrase("it presents none")
        return phrase("it presents one (%(certificate)s)", certificate=asked.context.certificate)


@dataclass(frozen=True, slots=True)
class _Family:
    """Operating system or browser, as the device calls itself."""

    fact: str
    families: frozenset[str]

    def holds(self, asked: Asked) -> bool | None:
        found: str | None = getattr(asked.context, self.fact)
        return None if found is None else found in self.families

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({self.fact})

    def said(self, names: Names) -> str:
        families = listed(self.families, names)
        if self.fact == "browser":
            return phrase("the browser is %(what)s", what=families)
        return phrase("the operating system is %(what)s", what=families)

    def found(self, asked: Asked, _: Names) -> str:
        found = getattr(asked.context, self.fact)
        return phrase("it is %(what)s", what=found) if found else phrase("it is none that we know")


@dataclass(frozen=True, slots=True)
class _Requests:
    kinds: frozenset[RequestKind]

    def holds(self, asked: Asked) -> bool:
        return asked.context.request in self.kinds

    def unknown(self, _: Asked) -> frozenset[str]:
        return _NOTHING

    def said(self, _: Names) -> str:
        return phrase("it is %(what)s", what=listed(frozenset(self.kinds), _REQUESTS))

    def found(self, asked: Asked, _: Names) -> str:
        return phrase("it is %(what)s", what=_REQUESTS[asked.context.request])


_REQUESTS: dict[str, str] = {
    RequestKind.BROWSER: phrase("a visit to our own pages"),
    RequestKind.SAML: phrase("a sign-on by SAML"),
    RequestKind.OIDC: phrase("a sign-on by OpenID Connect"),
    RequestKind.TOKEN: phrase("a token without a person"),
    RequestKind.API_TOKEN: phrase("a call with an API token"),
    RequestKind.CONSOLE: phrase("a visit to the admin console"),
    RequestKind.PROVISIONING: phrase("provisioning"),
}


@dataclass(frozen=True, slots=True)
class _Behaviours:
    kinds: frozenset[Behaviour]

    def holds(self, asked: Asked) -> bool | None:
        found = asked.context.behaviours
        return None if found is None else not found.isdisjoint(self.kinds)

    def unknown(self, _: Asked) -> frozenset[str]:
        return frozenset({"behaviours"})

    def said(self, _: Names) -> str:
        return phrase("there is %(what)s", what=listed(frozenset(self.kinds), _BEHAVIOURS))

    def found(self, asked: Asked, _: Names) -> str:
        found = frozenset[str](asked.context.behaviours or ())
        if not found:
            return phrase("nothing is unusual")
        return phrase("there is only %(what)s", what=all_of(found, _BEHAVIOURS))


_BEHAVIOURS: dict[str, str] = {
    Behaviour.NEW_DEVICE: phrase("a new device"),
    Behaviour.NEW_NETWORK: phrase("a new network"),
    Behaviour.NEW_COUNTRY: phrase("a new country"),
    Behaviour.IMPOSSIBLE_TRAVEL: phrase("impossible travel"),
    Behaviour.MANY_FAILURES: phrase("a run of failures"),
}


def _times(of: Times) -> "_Times":
    try:
        clock = ZoneInfo(of.zone)
    except (KeyError, ValueError, OSError) as error:
        raise Unavailable(
            "The rules for signing in cannot be judged on this machine.",
            advice="Install the time zone database (the package tzdata).",
            cause=phrase("no time zone “%(zone)s” on this machine", zone=of.zone[:80]),
        ) from error
    return _Times(of, clock)


@dataclass(frozen=True, slots=True)
class _Times:
    of: Times
    clock: ZoneInfo

    def holds(self, asked: Asked) -> bool:
        local, of = asked.local(self.clock), self.of
        day = self._day(local)
        return (
            day is not None
            and (not of.days or day.weekday() in of.days)
            and (of.not_before is None or of.not_before <= day)
            and (of.not_after is None or day <= of.not_after)
        )

    def _day(self, local: datetime) -> date | None:
        """Return the day that counts: the one on which the hours began that *local* is in; None outside of them."""
        if self.of.begins is None and self.of.ends is None:
            return local.date()
        begins, ends = self.of.begins or 0, _DAY if self.of.ends is None else self.of.ends
        minute = local.hour * 60 + local.minute
        if begins < ends:
            return local.date() if begins <= minute < ends else None
        if minute >= begins:
            return local.date()
        return local.date() - timedelta(days=1) if minute < ends else None

    def unknown(self, _: Asked) -> frozenset[str]:
        return _NOTHING

    def said(self, _: Names) -> str:
        of = self.of
        parts: list[str] = []
        if of.days:
            parts.append(phrase("on %(days)s", days=joined([DAYS[day] for day in sorted(of.days)], ", ")))
        if of.begins is not None or of.ends is not None:
            begins, ends = clock_words(of.begins or 0), clock_words(_DAY if of.ends is None else of.ends)
            parts.append(phrase("from %(begins)s to %(ends)s", begins=begins, ends=ends))
        if of.not_before:
            parts.append(phrase("not before %(day)s", day=of.not_before.isoformat()))
        if of.not_after:
            parts.append(phrase("not after %(day)s", day=of.not_after.isoformat()))
        if not parts:
            return phrase("it is any time (%(zone)s)", zone=of.zone)
        return phrase("it is %(when)s (%(zone)s)", when=joined(parts, ", "), zone=of.zone)

    def found(self, asked: Asked, _: Names) -> str:
        local = asked.local(self.clock)
        return phrase("there it is %(day)s, %(time)s", day=DAYS[local.weekday()], time=f"{local:%Y-%m-%d %H:%M}")


def clock_words(minutes: int) -> str:
    """Return minutes since midnight as a clock shows them; the end of the day is 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
