"""
What an authentication policy may say: each value in its range, and nothing that would keep everybody out. Pure.

What a sign-on must prove under a policy is decided in `signon`.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.policy import passwords
from idp.policy.signon import DEFAULT_METHODS, ENROLLABLE, PHISHING_RESISTANT, Method, SecondStep


class PolicyKind(StrEnum):
    """Whom an authentication policy is for."""

    MEMBER = "member"
    GUEST = "guest"
    GUEST_TEST = "guest-test"
    BREAK_GLASS = "break-glass"


HOUR, DAY = 3600, 86_400
RANGES: dict[str, tuple[int, int]] = {
    "grace_sign_ins": (0, 100),
    "password_minimum": (passwords.FLOOR, passwords.GREATEST_MINIMUM),
    "password_score": (0, passwords.HIGHEST_SCORE),
    "password_history": (0, passwords.LONGEST_HISTORY),
    "password_maximum_days": (passwords.LEAST_DAYS, passwords.MOST_DAYS),
    "session_idle_seconds": (300, 30 * DAY),
    "session_absolute_seconds": (900, 30 * DAY),
    "known_device_days": (0, 90),
    "api_token_days": (1, 365),
}
"""From and to, both included. `password_maximum_days` may be 0 as well: passwords do not age."""
BREAK_GLASS_IDLE, BREAK_GLASS_ABSOLUTE = HOUR, 12 * HOUR
"""The longest sessions of break-glass accounts, in seconds (NIST SP 800-63B-4 at AAL3: 12 hours)."""
METHODS = tuple(method for method in Method if method is not Method.KNOWN_DEVICE)
"""What a policy can allow. Known devices are allowed by the number of days that they are remembered."""
BY_ADMINISTRATOR = "administrator"
RECOVERY = ("mail", BY_ADMINISTRATOR)
MOST_AUTHENTICATORS = 100
MOST_DAYS_OF_GRACE = 366
NEVER_AGES = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that an authentication policy says; see `models.AuthenticationPolicy` for what is what."""

    second_step: SecondStep = SecondStep.REQUIRED
    grace_until: datetime | None = None
    grace_sign_ins: int = 0
    methods: tuple[Method, ...] = DEFAULT_METHODS
    password_minimum: int = 12
    password_score: int = 2
    password_history: int = 0
    password_maximum_days: int = NEVER_AGES
    session_idle_seconds: int = HOUR
    session_absolute_seconds: int = 12 * HOUR
    known_device_days: int = 30
    upstream_allowed: bool = True
    api_tokens_allowed: bool = True
    api_token_days: int = 365
    recovery: tuple[str, ...] = RECOVERY
    authenticators: tuple[str, ...] = ()
    device_bound_only: bool = False


FIELDS = tuple(field.name for field in fields(Terms))
GRACE = frozenset({"second_step", "grace_until", "grace_sign_ins"})
"""Whoever changes one of these gives everybody their grace anew."""
STRICTEST = Terms(known_device_days=0, recovery=("administrator",))
"""What the policy of break-glass accounts begins with."""


def first_terms(kind: PolicyKind) -> Terms:
    """Return what a policy of *kind* says as long as nobody has said otherwise."""
    return STRICTEST if kind is PolicyKind.BREAK_GLASS else Terms()


def changed(terms: Terms, changes: Mapping[str, Any], *, kind: PolicyKind, now: datetime) -> Terms:
    """
    Return *terms* with *changes*: values by the names of `Terms`, as an administrator hands them in.

    Grace is of a required second step: it goes when a second step is no longer required. Where passwords begin to age
    and no history is said, the last five may not come back: else people change there and back.

    Raises:
        Invalid: a value that there is not, or out of its range; or together they would keep people out. ``field`` says
            which.
    """
    unknown = sorted(set(changes) - set(FIELDS))
    if unknown:
        raise Invalid(
            phrase("An authentication policy has no “%(unknown)s”.", unknown=unknown[0][:64]), field=unknown[0][:64]
        )
    read = {name: _read(name, value) for name, value in changes.items()}
    after = replace(terms, **read)
    if after.second_step is not SecondStep.REQUIRED and not (GRACE - {"second_step"}) & {
        name for name, value in read.items() if value
    }:
        after = replace(after, grace_until=None, grace_sign_ins=0)
    begins_to_age = terms.password_maximum_days == NEVER_AGES != after.password_maximum_days
    if begins_to_age and "password_history" not in read:
        after = replace(after, password_history=max(after.password_history, passwords.HISTORY_WITH_AGE))
    if "grace_until" in read and after.grace_until is not None:
        _check_grace_day(after.grace_until, now)
    _check_together(after)
    if kind is PolicyKind.BREAK_GLASS:
        _check_break_glass(after)
    return after


def differences(before: Terms, after: Terms) -> tuple[dict[str, str], dict[str, str]]:
    """Return what differs, each by its name and in words: before, and after."""
    were, are = words(before), words(after)
    names = [name for name in FIELDS if were[name] != are[name]]
    return {name: were[name] for name in names}, {name: are[name] for name in names}


def words(terms: Terms) -> dict[str, str]:
    """Return every value as a text, as audit entries keep it."""
    return {name: _in_words(value) for name, value in asdict(terms).items()}


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return "none" if value is None else str(value)


def advice(terms: Terms) -> list[str]:
    """Return, one sentence each, what standards advise against in *terms* though it may be had."""
    required = terms.second_step is SecondStep.REQUIRED
    found = [
        (
            not required and Method.PASSWORD in terms.methods and terms.password_minimum < passwords.FLOOR_ALONE,
            f"Where no second step is required passwords need at least {passwords.FLOOR_ALONE} characters (NIST SP "
            "800-63B-4); that is asked for at the next change.",
        ),
        (
            terms.password_maximum_days != NEVER_AGES,
            "Passwords that age are chosen worse: NIST SP 800-63B-4 and OWASP ASVS 6.2.10 forbid it. Use it only where "
            "somebody else demands it.",
        ),
        (
            Method.EMAIL_CODE in terms.methods,
            "A code by e-mail is weak: whoever reads the mailbox has it. It counts where this policy alone asks, and for "
            "no application that asks for a second step.",
        ),
        (
            required and terms.session_absolute_seconds > DAY,
            "NIST SP 800-63B-4 advises to ask again after 24 hours at the latest where a second step is required.",
        ),
        (
            required and terms.session_idle_seconds > HOUR,
            "NIST SP 800-63B-4 advises to ask again after one idle hour where a second step is required.",
        ),
        (
            not terms.recovery,
            "Whoever loses password or second step cannot be helped: no way of recovery is allowed.",
        ),
    ]
    return [sentence for applies, sentence in found if applies]


def _check_together(terms: Terms) -> None:
    allowed = frozenset(terms.methods)
    if not allowed & {Method.PASSWORD, Method.PASSKEY}:
        raise Invalid(
            "Nobody could sign in: neither passwords nor passkeys would be allowed.",
            field="methods",
            advice="Allow pwd or passkey. A temporary pass is for once only.",
        )
    if Method.PASSWORD not in allowed and Method.TEMPORARY_PASS not in allowed:
        raise Invalid(
            "Nobody without a passkey could ever get one: without passwords it takes a temporary pass.",
            field="methods",
            advice="Allow temporary-pass as well.",
        )
    if terms.second_step is SecondStep.REQUIRED and not allowed & (ENROLLABLE | {Method.EMAIL_CODE}):
        raise Invalid(
            "A second step is required, and none that people can set up would be allowed.",
            field="methods",
            advice="Allow otp, passkey or security-key, or make the second step optional.",
        )
    if terms.session_idle_seconds > terms.session_absolute_seconds:
        raise Invalid("A session cannot be idle for longer than it lives.", field="session_idle_seconds")
    if terms.second_step is not SecondStep.REQUIRED and (terms.grace_until is not None or terms.grace_sign_ins):
        raise Invalid(
            "Grace is for setting up a second step that is required; here none is.",
            field="grace_until" if terms.grace_until is not None else "grace_sign_ins",
            advice="Require a second step as well, or leave the grace away.",
        )


def _check_break_glass(terms: Terms) -> None:
    allowed = frozenset(terms.methods)
    faults = (
        (terms.second_step is not SecondStep.REQUIRED, "second_step", "needs a second step"),
        (terms.grace_until is not None or terms.grace_sign_ins > 0, "grace_until", "has no grace"),
        (Method.EMAIL_CODE in allowed, "methods", "cannot use codes by e-mail"),
        (not allowed & (PHISHING_RESISTANT | {Method.TOTP}), "methods", "needs otp, passkey or security-key"),
        (terms.known_device_days > 0, "known_device_days", "is asked on every device"),
        (terms.session_idle_seconds > BREAK_GLASS_IDLE, "session_idle_seconds", "is asked after an idle hour"),
        (terms.session_absolute_seconds > BREAK_GLASS_ABSOLUTE, "session_absolute_seconds", "is asked after 12 hours"),
    )
    for wrong, field, demand in faults:
        if wrong:
            raise Invalid(
                phrase("A break-glass account %(demand)s.", demand=demand),
                field=field,
                advice="It is under no rules of contextual access, so that its own policy stays strict.",
            )


def _check_grace_day(until: datetime, now: datetime) -> None:
    if not now < until or (until - now).days > MOST_DAYS_OF_GRACE:
        raise Invalid("The grace ends in the future, within a year.", field="grace_until")


def _second_step(value: Any) -> SecondStep:
    if value not in set(SecondStep):
        raise Invalid("A second step is off, optional or required.", field="second_step")
    return SecondStep(value)


def _methods(value: Any) -> tuple[Method, ...]:
    wanted = _texts(value, "methods")
    known = {method.value for method in METHODS}
    unknown = sorted(wanted - known)
    if unknown:
        raise Invalid(
            phrase("There is no method “%(unknown)s”.", unknown=unknown[0][:64]),
            field="methods",
            advice=phrase("Choose among %(value)s.", value=", ".join(METHODS)),
        )
    return tuple(method for method in METHODS if method.value in wanted)


def _recovery(value: Any) -> tuple[str, ...]:
    wanted = _texts(value, "recovery")
    unknown = sorted(wanted - set(RECOVERY))
    if unknown:
        raise Invalid(
            phrase(
                "Nobody recovers by “%(unknown)s”: choose among %(value)s.",
                unknown=unknown[0][:64],
                value=", ".join(RECOVERY),
            ),
            field="recovery",
        )
    return tuple(way for way in RECOVERY if way in wanted)


def _authenticators(value: Any) -> tuple[str, ...]:
    wanted = _texts(value, "authenticators")
    if len(wanted) > MOST_AUTHENTICATORS:
        raise Invalid(
            phrase("A policy names at most %(most_authenticators)s models.", most_authenticators=MOST_AUTHENTICATORS),
            field="authenticators",
        )
    return tuple(sorted(_aaguid(one) for one in wanted))


def _aaguid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError as error:
        raise Invalid(
            phrase("“%(value)s” is no AAGUID.", value=value[:64]),
            field="authenticators",
            advice="Write it like 08987058-cadc-4b81-b6e1-30de50dcbe96; the vendor lists them.",
        ) from error


def _texts(value: Any, field: str) -> set[str]:
    if (
        not isinstance(value, Sequence | set | frozenset)
        or isinstance(value, str)
        or not all(isinstance(one, str) for one in value)
    ):
        raise Invalid("This is a list of texts.", field=field)
    return {str(one) for one in value}


def _grace_until(value: Any) -> datetime | None:
    if value is not None and not (isinstance(value, datetime) and value.tzinfo is not None):
        raise Invalid("The end of the grace is a moment with its time zone.", field="grace_until")
    return value


def _read(name: str, value: Any) -> Any:
    reader = _READ.get(name) or (_number(name) if name in RANGES else _switch(name))
    return reader(value)


def _number(name: str) -> Callable[[Any], int]:
    least, most = RANGES[name]

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid("This is a whole number.", field=name)
        if name == "password_maximum_days" and value == NEVER_AGES:
            return value
        if not least <= value <= most:
            or_never = ", or 0 for never" if name == "password_maximum_days" else ""
            raise Invalid(
                phrase(
                    "This is a number from %(least)s to %(most)s%(or_never)s.",
                    least=least,
                    most=most,
                    or_never=or_never,
                ),
                field=name,
            )
        return value

    return read


def _switch(name: str) -> Callable[[Any], bool]:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid("This is on or off.", field=name)
        return value

    return read


_READ: dict[str, Callable[[Any], Any]] = {
    "second_step": _second_step,
    "methods": _methods,
    "recovery": _recovery,
    "authenticators": _authenticators,
    "grace_until": _grace_until,
}
