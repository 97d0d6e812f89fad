"""`… release`: which attributes may leave, of an organization and of a site."""

from collections.abc import Callable, Sequence

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.context import Command, open_work, tell
from idp.directory import policies
from idp.policy.models import ReleasePolicy

_Set = Callable[[Work, str, Sequence[str]], ReleasePolicy]


def command(metavar: str, help_: str, set_: _Set) -> click.Command:
    """Return the command ``release`` of what *metavar* stands for; *set_* is its verb."""

    @click.command("release", cls=Command, help=help_)
    @click.argument("reference", metavar=metavar)
    @click.option("--attribute", "attributes", multiple=True, metavar="NAME", help="Several times.")
    @click.option("--nothing", is_flag=True, help="Release no attribute at all.")
    def release(reference: str, attributes: tuple[str, ...], nothing: bool) -> None:
        if nothing == bool(attributes):
            raise Invalid("Name the attributes with --attribute, or say --nothing.", field="attributes")
        with open_work() as work:
            policy = set_(work, reference, attributes)
            said = ", ".join(policy.attributes or ()) or "nothing"
            tell(show.release_policy(policy), f"{reference} lets out at most: {said}")

    return release


def of_organization() -> click.Command:
    """`idp organization release`"""
    return command(
        "ORG",
        "Say what may leave the organization ORG at most: to any application, at any of its sites.",
        policies.set_organization_release,
    )


def of_site() -> click.Command:
    """`idp site release`"""
    return command(
        "SITE",
        "Narrow what the applications of SITE receive. What the organization withholds stays withheld.",
        policies.set_site_release,
    )
