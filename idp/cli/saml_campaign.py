"""`idp keys campaign SITE`: a change of a site's SAML key, application by application."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli.context import Command, open_work, tell
from idp.cli.saml_table import table
from idp.directory import queries
from idp.keyring.keyring import Key
from idp.saml.certificates import thumbprint_of
from idp.saml.key_change import rollover
from idp.saml.key_change.rollover import Report
from idp.saml.key_change.rollover_plan import Campaign


@click.command(cls=Command)
@click.argument("site")
@click.option("--switch-all", is_flag=True, help="Sign with the new key for every application that is ready.")
@click.option("--back-all", is_flag=True, help="Sign with the former key again for every application.")
@click.option("--anyway", is_flag=True, help="With --switch-all: also where nothing shows that it is ready.")
def campaign(site: str, switch_all: bool, back_all: bool, anyway: bool) -> None:
    """
    Show how far the applications of SITE are with the new SAML key, and switch them.

    A new key is published by: idp keys rotate --purpose saml-signing. One application is switched by:
    idp application saml rollover APP.
    """
    if switch_all and back_all:
        raise Invalid("Say --switch-all or --back-all, not both.", field="switch_all")
    if anyway and not switch_all:
        raise Invalid("--anyway goes with --switch-all.", field="anyway")
    words: list[str] = []
    value: dict[str, Any] = {"site": site}
    with open_work() as work:
        at = queries.site(work, site)
        if switch_all or back_all:
            moved = rollover.switch_all(work, at, anyway=anyway) if switch_all else rollover.back_all(work, at)
            value |= {
                "moved": [one.application_id for one in moved.done],
                "left": [one.application_id for one in moved.left],
            }
            words.append(_moved(len(moved.done), len(moved.left), back=back_all))
        value["rollovers"] = []
        for going in rollover.going_on(work, at):
            found = rollover.reports(work, at, going)
            value["rollovers"].append(_shown(going, found))
            words += _words(going, found)
    if not value["rollovers"]:
        words.append(
            f"No change of keys goes on at {site}. The next certificate is published by:\n"
            f"  idp keys rotate --site {site} --purpose saml-signing"
        )
    tell(value, "\n".join(words))


def _moved(done: int, left: int, *, back: bool) -> str:
    said = f"{done} application(s) are answered with the {'former' if back else 'new'} key now."
    return said + (f" {left} were left as they are: see below; --anyway switches them too." if left else "")


def _shown(going: Campaign, found: list[Report]) -> dict[str, Any]:
    return {
        "kind": going.kind,
        "former": _key(going.former),
        "new": _key(going.new),
        "applications": [one.to_json() for one in found],
    }


def _key(key: Key) -> dict[str, str]:
    return {"id": key.id, "state": key.state, "certificate_sha256": thumbprint_of(key.certificate_der_base64)}


def _words(going: Campaign, found: list[Report]) -> list[str]:
    lines = [
        f"{going.kind}: from {going.former.id} ({going.former.state}) to {going.new.id} ({going.new.state})",
        f"  SHA-256 of the new certificate: {thumbprint_of(going.new.certificate_der_base64)}",
    ]
    if not found:
        return [*lines, "  No application is signed for with a key of this kind."]
    rows = [
        (
            one.name,
            one.entity_id,
            one.signs_with,
            _day(one.fetched_at),
            _day(one.answered_at),
            one.to_json()["words"],
        )
        for one in found
    ]
    titles = ("application", "entity ID", "signed with", "metadata read", "answered", "where it stands")
    return lines + table(titles, rows, whole=(1,))


def _day(at: Any) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"
