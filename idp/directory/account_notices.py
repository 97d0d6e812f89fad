"""What the person of an account is told by mail when an administrator disables it or enables it again."""

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import mailing, names
from idp.directory.models import Account, Organization

DISABLED, ENABLED = "account-disabled", "account-enabled"
"""The letters, by the names of their templates."""
LONGEST_MESSAGE = 500
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of text, and could make the words of the letter around it look like others (threats T13)."""


def message(value: str, *, told: bool) -> str:
    """
    Return what an administrator adds to the mail, on one line; empty: nothing.

    Args:
        told: whether there is a mail at all.

    Raises:
        Invalid: it is longer than 500 characters, has characters that do not belong in it, or nobody would read it.
    """
    if not value.strip():
        return ""
    if not told:
        raise Invalid("The message goes with the mail.", field="message", advice="Tell the person, or leave it empty.")
    clean = names.words(value, longest=LONGEST_MESSAGE, field="message")
    if not _TURNING.isdisjoint(clean):
        raise Invalid("This has characters that turn the direction of text.", field="message", advice="Leave them out.")
    return clean


def tell(work: Work, account: Account, letter: str, words: str) -> None:
    """
    Write to whoever has *account*, in their language, once the transaction is committed. The caller has checked.

    Args:
        letter: `DISABLED` or `ENABLED`.
        words: what `message` returned.
    """
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
        work,
        account.email,
        letter,
        {"organization": organization.name, "email": account.email, "message": words, "at": work.now.isoformat()},
        organization_id=account.organization_id,
    )
