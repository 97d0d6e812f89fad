"""`… release`: which attributes may leave, of an organization, at a site, and to an application."""

from collections.abc import Callable
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import show
from idp.cli.context import Command, open_work, tell
from idp.directory import policies
from idp.directory.attributes import ATTRIBUTES
from idp.policy.models import ReleasePolicy

_Function = Callable[..., Any]


def options(*, widest: bool) -> Callable[[_Function], _Function]:
    """Return what gives a command the options that say what may leave; *widest*: this level may be one that adds nothing."""

    def give(command: _Function) -> _Function:
        if widest:
            command = click.option(
                "--everything", is_flag=True, help="Narrow nothing: whatever wider levels let out may leave."
            )(command)
        command = click.option("--nothing", is_flag=True, help="Release no attribute at all.")(command)
        return click.option("--attribute", "attributes", multiple=True, metavar="NAME", help=_NAMES)(command)

    return give


_NAMES = f"{', '.join(ATTRIBUTES)}, or a further one; several times."


def wanted(attributes: tuple[str, ...], *, nothing: bool, everything: bool = False) -> tuple[str, ...] | None:
    """
    Return what may leave, None where this level narrows nothing.

    Raises:
        Invalid: not exactly one of the three was said.
    """
    if [bool(attributes), nothing, everything].count(True) != 1:
        raise Invalid("Name the attributes with --attribute, or say --nothing.", field="attributes")
    return None if everything else attributes


def said(policy: ReleasePolicy) -> str:
    """Return in words what a level lets out."""
    if policy.attributes is None:
        return "everything that wider levels let out"
    return ", ".join(policy.attributes) or "nothing"


def of_organization() -> click.Command:
    """`idp organization release`"""

    @click.command("release", cls=Command)
    @click.argument("organization", metavar="ORG")
    @options(widest=False)
    def release(organization: str, attributes: tuple[str, ...], nothing: bool) -> None:
        """Say what may leave the organization ORG at most: to any application, at any of its sites."""
        asked = wanted(attributes, nothing=nothing) or ()
        with open_work() as work:
            policy = policies.set_organization_release(work, organization, asked)
            tell(show.release_policy(policy), f"{organization} lets out at most: {said(policy)}")

    return release


def of_site() -> click.Command:
    """`idp site release`"""

    @click.command("release", cls=Command)
    @click.argument("site", metavar="SITE")
    @options(widest=True)
    def release(site: str, attributes: tuple[str, ...], nothing: bool, everything: bool) -> None:
        """Narrow what the applications of SITE receive. What the organization withholds stays withheld."""
        asked = wanted(attributes, nothing=nothing, everything=everything)
        with open_work() as work:
            policy = policies.set_site_release(work, site, asked)
            tell(show.release_policy(policy), f"{site} lets out at most: {said(policy)}")

    return release
