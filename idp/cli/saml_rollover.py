"""`idp application saml rollover APP`: one application and the new key of its site."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.directory import queries, sites
from idp.saml import providers
from idp.saml.key_change import rollover
from idp.saml.key_change.rollover import Report
from idp.saml.own_metadata import address_for


@click.command(cls=Command)
@click.argument("application", metavar="APP")
@click.option("--switch", "act", flag_value="switch", help="Sign with the new key for it from now on.")
@click.option("--back", "act", flag_value="back", help="Sign with the former key for it again.")
@click.option(
    "--confirm",
    "act",
    flag_value="confirm",
    help="Note that you have put the new certificate there, or (switched) that you have seen it work.",
)
@click.option(
    "--certificate", "act", flag_value="certificate", help="Print the new certificate (PEM), to be put there."
)
@click.option("--anyway", is_flag=True, help="With --switch: also where nothing shows that it is ready.")
@click.option("--if-version", type=int, metavar="N", help="Only if nobody has changed it since version N.")
def rollover_(application: str, act: str | None, anyway: bool, if_version: int | None) -> None:
    """
    Show where APP stands with the new SAML key of its site; switch it, and back.

    APP shows by itself that it knows a new key if it reads our metadata at its own address, which this prints.
    """
    if anyway and act != "switch":
        raise Invalid("--anyway goes with --switch.", field="anyway")
    base_url = settings().base_url
    if act == "certificate":
        with open_work() as work:
            pem = rollover.new_certificate(work, find(work, application).id)
        tell({"certificate": pem}, pem.rstrip())
        return
    with open_work() as work:
        found = find(work, application)
        report: Report | None
        if act == "switch":
            report = rollover.switch(work, found.id, anyway=anyway, if_version=if_version)
        elif act == "back":
            report = rollover.back(work, found.id, if_version=if_version)
        elif act == "confirm":
            report = rollover.confirm(work, found.id)
        else:
            report = rollover.state(work, found.id)
        site = queries.site_of(work, found)
        token = providers.of_application(work, found).metadata_token
        address = address_for(sites.issuer(base_url, site.slug), found.id, token)
    value: dict[str, Any] = {"metadata_url": address, "rollover": None if report is None else report.to_json()}
    tell(value, "\n".join(_words(found.name, site.slug, address, report)))


def _words(name: str, slug: str, address: str, report: Report | None) -> list[str]:
    lines = [f"{name} reads our metadata at its own address, if it is told this one:", f"  {address}"]
    if report is None:
        return [*lines, f"No change of keys goes on for it. See: idp keys list --site {slug}"]
    shown = report.to_json()
    by = f" ({report.fetched_by})" if report.fetched_by else ""
    return [
        f"{name}: {shown['words']}",
        f"  signed with      the {report.signs_with} key ({report.kind})",
        f"  metadata read    {_when(shown['fetched_at'])}{by}",
        f"  confirmed        {_when(shown['confirmed_at'])}",
        f"  switched         {_when(shown['switched_at'])}",
        f"  answered with it {_when(shown['answered_at'])}",
        f"  proven           {_when(shown['proven_at'])}",
        *lines,
    ]


def _when(at: str | None) -> str:
    return "not yet" if at is None else at
