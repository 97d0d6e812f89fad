"""
Where each attribute of a person came from last: whom to ask where it is wrong.

What is not noted is as the account came to be (`Account.created_through`). Whoever changes an attribute notes it here,
in the same transaction.
"""

from collections.abc import Iterable
from enum import StrEnum

from idp.base.work import Work
from idp.directory.models import Account


class Source(StrEnum):
    """Who has said what an attribute is."""

    PERSON = "person"
    ADMINISTRATOR = "administrator"
    IMPORT = "import"
    PROVISIONING = "provisioning"


_THROUGH = {"import": Source.IMPORT, "provisioning": Source.PROVISIONING}
_PERSONS_OWN = frozenset({"email", "name"})
_JOINED = "join-rule"
_PEOPLE = frozenset({"account", "operator"})


def note(work: Work, account: Account, attributes: Iterable[str], source: Source | None = None) -> None:
    """
    Note that *attributes* of an account are as *source* says from now on; without one, as whoever acts does.

    What is neither a person nor this machine's operator speaks for another system.
    """
    said = source or _of_actor(work, account)
    account.attribute_sources = {**account.attribute_sources, **dict.fromkeys(attributes, said.value)}


def of(account: Account, attribute: str) -> Source:
    """Return where an attribute of an account came from."""
    noted = account.attribute_sources.get(attribute)
    if noted in {one.value for one in Source}:
        return Source(noted)
    if attribute in account.typed_by_person or (account.created_through == _JOINED and attribute in _PERSONS_OWN):
        return Source.PERSON
    return _THROUGH.get(account.created_through, Source.ADMINISTRATOR)


def _of_actor(work: Work, account: Account) -> Source:
    if work.actor.kind == "account" and work.actor.id == account.id:
        return Source.PERSON
    return Source.ADMINISTRATOR if work.actor.kind in _PEOPLE else Source.PROVISIONING
