"""`idp account …` for somebody who cannot sign in: passes, devices, history, wrong tries, second steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, find
from idp.cli.context import Command, open_work, tell, tell_all
from idp.cli.instants import read
from idp.directory import rights
from idp.directory.models import Account
from idp.directory.policies import authentication_policy
from idp.signon import device_cookie, history, resetting
from idp.signon import devices as devices_
from idp.signon.factors import temporary_pass
from idp.signon.models import KnownDevice, SignIn, TemporaryPass

_UNITS = {"m": 60, "h": 3600, "d": 86400}


class Span(click.ParamType[timedelta]):
    """A span of time such as 30m, 8h or 2d."""

    name = "span"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> timedelta:
        """Return *value* as a span."""
        if isinstance(value, timedelta):
            return value
        if value[-1:] in _UNITS and value[:-1].isdigit() and value.isascii() and len(value) < 8:
            return timedelta(seconds=int(value[:-1]) * _UNITS[value[-1]])
        return self.fail("expected a span such as 30m, 8h or 2d", parameter, context)


_VALID_FOR = click.option(
    "--valid-for", type=Span(), default="1h", show_default=True, help="How long it is good: from 5m to 7d."
)


@click.command("pass", cls=Command)
@click.argument("email")
@ORGANIZATION
@_VALID_FOR
@click.option("--from", "valid_from", metavar="TIME", help="From when on, as 2026-11-30T08:00Z; default: from now on.")
@click.option("--revoke", is_flag=True, help="Take back the pass that the account was given, instead.")
def pass_(email: str, organization: str | None, valid_for: timedelta, valid_from: str | None, revoke: bool) -> None:
    """
    Print a temporary access pass for the account EMAIL: in place of its password or second step, once.

    It is shown now and never again. One that the account was given before stops working.
    """
    begins = None if valid_from is None else read(valid_from, field="valid_from")
    with open_work() as work:
        found = find(work, email, organization)
        if revoke:
            temporary_pass.revoke(work, found.id, organization_id=found.organization_id)
            tell({**show.account(found), "revoked": True}, f"{found.email} has no temporary pass any more")
            return
        given, typed = temporary_pass.make(
            work, found.id, organization_id=found.organization_id, valid_for=valid_for, valid_from=begins
        )
        tell(_pass(found, given, typed), _in_words(found, given, typed))


@click.command("reset-factors", cls=Command)
@click.argument("email")
@ORGANIZATION
@_VALID_FOR
def reset_factors(email: str, organization: str | None, valid_for: timedelta) -> None:
    """
    Remove every second step of the account EMAIL, end its sign-ons and devices, and print a pass to begin anew with.

    For somebody who lost their phone and their recovery codes. The password stays as it is.
    """
    with open_work() as work:
        found = find(work, email, organization)
        given, typed = resetting.reset_factors(
            work, found.id, organization_id=found.organization_id, valid_for=valid_for
        )
        words = f"{found.email} has no second step any more and is signed out everywhere\n"
        tell(_pass(found, given, typed), words + _in_words(found, given, typed))


@click.command("unlock", cls=Command)
@click.argument("email")
@ORGANIZATION
def unlock(email: str, organization: str | None) -> None:
    """Forget the wrong passwords and codes that were counted for the account EMAIL, so that it need not wait."""
    with open_work() as work:
        found = find(work, email, organization)
        done = resetting.unlock(work, found.id, organization_id=found.organization_id)
        tell(show.account(done), f"no wrong tries are counted for {done.email} any more")


@click.command("devices", cls=Command)
@click.argument("email")
@ORGANIZATION
@click.option("--forget", metavar="ID", help="Forget this device, and end the sign-ons on it.")
@click.option("--forget-all", is_flag=True, help="Forget every device, and end the sign-ons on them.")
def devices(email: str, organization: str | None, forget: str | None, forget_all: bool) -> None:
    """List the devices that the account EMAIL is known on, the one last seen first."""
    if forget is not None and forget_all:
        raise Invalid("Say --forget ID or --forget-all, not both.", field="forget")
    with open_work() as work:
        found = find(work, email, organization)
        where = found.organization_id
        rights.require_over(work, rights.RECOVERY, found)
        if forget is not None:
            gone = devices_.forget(work, found.id, forget, organization_id=where)
            tell(_device(work, found, gone), f"forgot {gone.id} of {found.email}")
            return
        if forget_all:
            count = devices_.forget_all(work, found.id, organization_id=where)
            tell({**show.account(found), "forgotten": count}, f"forgot {count} devices of {found.email}")
            return
        listed = [_device(work, found, one) for one in devices_.devices(work, where, found.id)]
    tell_all(listed, _device_line, none="This account is known on no device.")


@click.command("history", cls=Command)
@click.argument("email")
@ORGANIZATION
def history_(email: str, organization: str | None) -> None:
    """List the last sign-ins of the account EMAIL and the last failed tries, the newest first."""
    with open_work() as work:
        found = find(work, email, organization)
        listed = [_sign_in(one) for one in history.of_account(work, found.organization_id, found.id)]
    tell_all(listed, _sign_in_line, none="Nobody has signed in to this account within 180 days.")


def _pass(of: Account, given: TemporaryPass, typed: str) -> dict[str, Any]:
    return {
        "account_id": of.id,
        "email": of.email,
        "id": given.id,
        "pass": typed,
        "valid_from": show.instant(given.valid_from),
        "valid_to": show.instant(given.valid_to),
    }


def _in_words(of: Account, given: TemporaryPass, typed: str) -> str:
    return (
        f"temporary access pass for {of.email}, shown only now:\n\n"
        f"    {typed}\n\n"
        f"  good once, from {_to_the_minute(given.valid_from)} to {_to_the_minute(given.valid_to)}\n"
        "  Tell it to the person in a way that nobody else hears. On the page where they sign in they follow\n"
        "  “Use a temporary access pass”."
    )


def _to_the_minute(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _device(work: Work, of: Account, one: KnownDevice) -> dict[str, Any]:
    days = authentication_policy(work, of.organization_id, of.policy_id).known_device_days
    until = device_cookie.remembered_until(one, epoch=of.epoch, days=days)
    return {
        "id": one.id,
        "user_agent": one.user_agent,
        "ip": one.ip,
        "place": one.place,
        "first_seen_at": show.instant(one.first_seen_at),
        "last_seen_at": show.instant(one.last_seen_at),
        "remembered_until": show.instant(until if until is not None and until > work.now else None),
    }


def _device_line(one: dict[str, Any]) -> str:
    remembered = f"  no second step until {one['remembered_until']}" if one["remembered_until"] else ""
    near = f" near {one['place']}" if one["place"] else ""
    return f"{one['id']}  last seen {one['last_seen_at']} from {one['ip']}{near}{remembered}\n    {one['user_agent']}"


def _sign_in(one: SignIn) -> dict[str, Any]:
    return {
        "at": show.instant(one.at),
        "outcome": one.outcome,
        "methods": one.methods,
        "ip": one.ip,
        "country": one.country,
        "city": one.city,
        "asn": one.asn,
        "device_id": one.device_id,
        "user_agent": one.user_agent,
        "attempt_id": one.attempt_id,
    }


def _sign_in_line(one: dict[str, Any]) -> str:
    place = ", ".join(part for part in (one["city"], one["country"]) if part)
    near = f" near {place}" if place else ""
    device = one["device_id"] or "unknown device"
    return f"{one['at']}  {one['outcome']:<9}  {', '.join(one['methods']):<24} {one['ip']}{near}  {device}"
