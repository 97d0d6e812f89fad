"""What an authentication policy says, as options of commands and as lines of text."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from idp.base.errors import Invalid
from idp.policy.authentication import HOUR, METHODS, RANGES, RECOVERY
from idp.policy.signon import Method

NOTHING = "none"
METHOD_WORDS = {
    Method.PASSWORD: "password",
    Method.TOTP: "authenticator app",
    Method.RECOVERY_CODE: "recovery code",
    Method.PASSKEY: "passkey",
    Method.SECURITY_KEY: "security key",
    Method.EMAIL_CODE: "code by e-mail (weak)",
    Method.TEMPORARY_PASS: "temporary pass",
}
_MINUTE = 60
_Decorated = Callable[..., Any]


def options(command: _Decorated) -> _Decorated:
    """Give a command an option for everything that an authentication policy says."""
    for option in reversed(_options()):
        command = option(command)
    return command


def changes(given: dict[str, Any]) -> dict[str, Any]:
    """
    Return the changes that the options *given* ask for, by the names of `policy.authentication.Terms`.

    Raises:
        Invalid: a date cannot be read.
    """
    asked = {name: value for name, value in given.items() if value not in (None, ())}
    found = {name: _CONVERT.get(name, _as_is)(value) for name, value in asked.items()}
    for minutes, seconds in (
        ("session_idle", "session_idle_seconds"),
        ("session_absolute", "session_absolute_seconds"),
    ):
        if minutes in found:
            found[seconds] = found.pop(minutes) * _MINUTE
    return found


def lines(value: dict[str, Any]) -> str:
    """Return a policy, as `show.authentication_policy` has it, for people."""
    return "\n".join(f"  {label:<20} {text}" for label, text in _told(value))


def _told(value: dict[str, Any]) -> list[tuple[str, str]]:
    ages = value["password_maximum_days"]
    told = [
        ("for", _FOR[value["kind"]] + (", the default" if value["is_default"] else "")),
        ("second step", value["second_step"] + _grace(value)),
        ("methods", ", ".join(METHOD_WORDS[Method(one)] for one in value["methods"])),
        (
            "password",
            f"at least {value['password_minimum']} characters, strength {value['password_score']} of 4, "
            + (f"none of the last {value['password_history']}, " if value["password_history"] else "")
            + (f"new every {ages} days" if ages else "does not age"),
        ),
        (
            "session",
            f"{duration(value['session_idle_seconds'])} idle, {duration(value['session_absolute_seconds'])} at most",
        ),
        ("known devices", f"{value['known_device_days']} days" if value["known_device_days"] else "asked every time"),
        ("recovery", ", ".join(value["recovery"]) or "by nobody"),
        ("keys and passkeys", _models(value)),
        ("other providers", "allowed" if value["upstream_allowed"] else "not allowed"),
        (
            "API tokens",
            f"allowed, {value['api_token_days']} days at most" if value["api_tokens_allowed"] else "not allowed",
        ),
    ]
    if "members" in value:
        told.insert(1, ("members", str(value["members"])))
    return told


def duration(seconds: int) -> str:
    """Return a length of time in its largest whole unit."""
    for unit, word in ((24 * HOUR, "d"), (HOUR, "h"), (_MINUTE, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {word}"
    return f"{seconds} s"


def _grace(value: dict[str, Any]) -> str:
    ways = []
    if value["grace_until"]:
        ways.append(f"until {value['grace_until']}")
    if value["grace_sign_ins"]:
        ways.append(f"{value['grace_sign_ins']} times")
    return f" (setting one up may be put off {' or '.join(ways)})" if ways else ""


def _models(value: dict[str, Any]) -> str:
    bound = "bound to one device, " if value["device_bound_only"] else ""
    return bound + (", ".join(value["authenticators"]) or "any model")


def _options() -> list[Callable[[_Decorated], _Decorated]]:
    ages_from, ages_to = RANGES["password_maximum_days"]
    return [
        click.option(
            "--second-step",
            type=click.Choice(["off", "optional", "required"]),
            help="optional: asked of those who have one; required: who has none sets one up at the next sign-in.",
        ),
        click.option(
            "--grace-until",
            metavar="DAY",
            help=f"Until then setting up a required second step may be put off: 2030-03-01, or a moment with its zone; {NOTHING}: no longer.",
        ),
        _number("grace_sign_ins", "COUNT", "So many sign-ins it may be put off."),
        click.option(
            "--method",
            "methods",
            multiple=True,
            type=click.Choice([method.value for method in METHODS]),
            help="What may be used to sign in; several times, and those not named are forbidden.",
        ),
        _number(
            "password_minimum", "LENGTH", "Least characters of a password; at least 15 count without a second step."
        ),
        _number("password_score", "SCORE", "Least strength of a password."),
        _number("password_history", "COUNT", "So many former passwords may not be taken again."),
        click.option(
            "--password-maximum-days",
            type=int,
            metavar="DAYS",
            help=f"Days after which a new password is due: 0 (never; advised), or {ages_from} to {ages_to}.",
        ),
        click.option(
            "--session-idle",
            type=_minutes("session_idle_seconds"),
            metavar="MINUTES",
            help=_range("session_idle_seconds", "Idle minutes after which a session ends", _MINUTE),
        ),
        click.option(
            "--session-absolute",
            type=_minutes("session_absolute_seconds"),
            metavar="MINUTES",
            help=_range("session_absolute_seconds", "Minutes after which a session ends in any case", _MINUTE),
        ),
        _number(
            "known_device_days", "DAYS", "Days for which the second step is not asked on a remembered device; 0: never."
        ),
        click.option(
            "--upstream/--no-upstream",
            "upstream_allowed",
            default=None,
            help="Other identity providers may sign people in (kept; there are none yet).",
        ),
        click.option(
            "--api-tokens/--no-api-tokens",
            "api_tokens_allowed",
            default=None,
            help="People may have API tokens of their own; without, those that there are stop working at once.",
        ),
        _number("api_token_days", "DAYS", "Days for which an API token is good, those that there are as well."),
        click.option(
            "--recovery",
            multiple=True,
            type=click.Choice([*RECOVERY, NOTHING]),
            help="Who may help somebody who cannot sign in; several times.",
        ),
        click.option(
            "--authenticator",
            "authenticators",
            multiple=True,
            metavar="AAGUID",
            help=f"The only models of passkeys and security keys that are taken; several times; {NOTHING}: any.",
        ),
        click.option(
            "--device-bound-only/--no-device-bound-only",
            default=None,
            help="Passkeys must not be copied to other devices by their vendor's cloud.",
        ),
    ]


def _number(name: str, metavar: str, help_: str) -> Callable[[_Decorated], _Decorated]:
    return click.option(
        f"--{name.replace('_', '-')}",
        type=click.IntRange(*RANGES[name]),
        metavar=metavar,
        help=_range(name, help_[:-1]),
    )


def _minutes(name: str) -> click.IntRange:
    least, most = RANGES[name]
    return click.IntRange(least // _MINUTE, most // _MINUTE)


def _range(name: str, help_: str, unit: int = 1) -> str:
    least, most = RANGES[name]
    return f"{help_} ({least // unit} to {most // unit})."


def _moment(given: str) -> datetime | None:
    if given == NOTHING:
        return None
    try:
        read = datetime.fromisoformat(given)
    except ValueError as error:
        raise Invalid("This is no day.", field="grace_until", advice="Write it like 2030-03-01.") from error
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _listed(given: tuple[str, ...]) -> list[str]:
    return [one for one in given if one != NOTHING]


def _as_is(given: Any) -> Any:
    return given


_FOR = {
    "member": "members",
    "guest": "guests",
    "guest-test": "a few guests, to try it out",
    "break-glass": "break-glass accounts",
}
_CONVERT: dict[str, Callable[[Any], Any]] = {
    "grace_until": _moment,
    "methods": _listed,
    "recovery": _listed,
    "authenticators": _listed,
}
