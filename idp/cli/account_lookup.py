"""How the commands name an account: by its e-mail address, and the organization where several know it."""

import click

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Account

ORGANIZATION = click.option(
    "--organization", metavar="ORG", help="Short name of the organization, where several know this address."
)


def organization_id(work: Work, slug: str | None) -> str | None:
    """Return the id of the organization *slug*; None where none is named."""
    return queries.organization(work, slug).id if slug is not None else None


def find(work: Work, email: str, organization: str | None) -> Account:
    """Return the account of that address."""
    return queries.account(work, email, organization_id=organization_id(work, organization))
