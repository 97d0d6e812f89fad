"""What is said of the attributes that a service provider asks for; `idp application saml release-requested`."""

from typing import Any

import click

from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, tell
from idp.saml import proposing
from idp.saml.description import RequestedAttribute
from idp.saml.proposals import Proposal


@click.command("release-requested", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--dry-run", is_flag=True, help="Only say what it asks for and what it would receive.")
def release_requested(application: str, dry_run: bool) -> None:
    """
    Let APP receive those of our attributes that its metadata asks for, under those names, and no other.

    Takes the place of the rules that APP has. What the organization withholds stays withheld.
    """
    with open_work() as work:
        found = find(work, application)
        proposal = proposing.of(work, found.id) if dry_run else proposing.apply(work, found.id, must_ask=True)
    tell(as_json(proposal), "\n".join(words(proposal, applied=not dry_run)) or f"{found.name} asks for no attributes.")


def as_json(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as JSON values."""
    return {
        "attributes": list(proposal.attributes),
        "supplied": [
            {"requested": one.requested.name, "attribute": one.attribute, "required": one.requested.required}
            for one in proposal.supplied
        ],
        "missing": [{"requested": one.name, "required": one.required} for one in proposal.missing],
    }


def words(proposal: Proposal, *, applied: bool) -> list[str]:
    """Return a proposal in lines; none where nothing is asked for."""
    if not proposal.supplied and not proposal.missing:
        return []
    lines = [f"  It asks for:     {_asked(one.requested)}: our {one.attribute}" for one in proposal.supplied]
    lines += [f"  It asks for:     {_asked(one)}: we have no such attribute" for one in proposal.missing]
    receives = ", ".join(proposal.attributes) or "nothing"
    lines.append(f"  It now receives: {receives}" if applied else f"  Proposed:        release {receives} and no other")
    return lines


def shown(proposal: Proposal) -> list[str]:
    """Return what is asked for in lines that stand below a heading; none where nothing is."""
    return [
        *(f"  {_asked(one.requested)}: our {one.attribute}" for one in proposal.supplied),
        *(f"  {_asked(one)}: we have no such attribute" for one in proposal.missing),
        *(["  To release that and no other: idp application saml release-requested APP"] if proposal.supplied else []),
    ]


def _asked(one: RequestedAttribute) -> str:
    friendly = f" ({one.friendly_name})" if one.friendly_name and one.friendly_name != one.name else ""
    return f"{one.name}{friendly}{', required' if one.required else ''}"
