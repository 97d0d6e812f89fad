"""`idp application saml refresh`: fetch metadata again now; look at what waits, apply it, discard it."""

from collections.abc import Sequence
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_database, settings, tell, work_on
from idp.saml import refreshing
from idp.saml.difference import taken_over
from idp.saml.refreshing import Came

_SAID = {
    Came.UNCHANGED: "it says what we know already",
    Came.OFFERED: "it says something else, which waits for you",
    Came.DISCARDED: "it says what you have discarded",
}


@click.command(cls=Command)
@click.argument("application", metavar="APP")
@click.option("--show", "act", flag_value="show", help="Do not fetch: show what waits for approval.")
@click.option("--apply", "act", flag_value="apply", help="Do not fetch: take over what waits.")
@click.option(
    "--discard", "act", flag_value="discard", help="Do not fetch: refuse what waits; it is not offered again."
)
@click.option("--if-version", type=int, metavar="N", help="With --apply: only if this is still its version.")
@click.option("--if-offer", metavar="MARK", help="With --apply: only if that is still what waits.")
def refresh(application: str, act: str | None, if_version: int | None, if_offer: str | None) -> None:
    """
    Fetch the metadata of the service provider APP from its address, and say what is different.

    Further certificates, and how long it is valid, are taken over at once; everything else waits until you --apply or --discard it.
    """
    of = settings()
    loopback = of.development.allow_http_loopback_applications
    with open_database(of) as database:
        with work_on(database) as work:
            found = find(work, application)
            application_id, name = found.id, found.name
            if act == "show":
                waits = refreshing.offered(work, application_id, allow_http_loopback=loopback)
                if waits is None:
                    _tell(name, "nothing waits", ())
                else:
                    _tell(name, "waits for you", waits.changes, offer=refreshing.mark(waits.described))
                return
            if act == "apply":
                done = refreshing.apply(
                    work, application_id, if_version=if_version, if_offer=if_offer, allow_http_loopback=loopback
                )
                _tell(name, "applied", done.changes)
                return
            if act == "discard":
                _tell(name, "discarded", refreshing.discard(work, application_id))
                return
            asked = refreshing.look(work, application_id)
        fetched = refreshing.fetch(asked, allowed=of.egress.allow_addresses, http_loopback=loopback)
        with work_on(database) as work:
            outcome = refreshing.settle(work, asked, fetched, allow_http_loopback=loopback)
    if outcome.came is Came.FAILED:
        raise Invalid(
            "The metadata could not be taken; what we know stays as it is.",
            field="metadata",
            code="saml-metadata",
            advice="See what is at that address; it is tried again in an hour.",
            cause=outcome.cause,
        )
    said = f"taken over at once: {taken_over(outcome.changes)}" if outcome.came is Came.APPLIED else _SAID[outcome.came]
    _tell(name, said, outcome.changes, came=outcome.came, offer=outcome.offer)


def _tell(name: str, what: str, changes: Sequence[Any], *, came: str = "", offer: str = "") -> None:
    lines = [str(one) for one in changes]
    words = [f"{name}: {what}", *(f"  {line}" for line in lines)]
    if offer:
        words.append(f"  Take it over with --apply --if-offer {offer}, or refuse it with --discard.")
    tell({"outcome": came or what, "changes": lines, **({"offer": offer} if offer else {})}, "\n".join(words))
