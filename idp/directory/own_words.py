"""
What of an account the person has typed, and nobody has vouched for (threats T5, T20).

Whoever joins says what they are called, and whoever may change their address chooses it: a rule of a group that went by
that would let people choose their groups. Such words count for rules once an administrator has said the same; an
address counts by itself on a domain that the organization has proven, where others hand out what stands before the @.
"""

from idp.base.work import Work
from idp.directory import domain_reads, names
from idp.directory.models import Account

EMAIL = "email"


def mark(account: Account, *attributes: str) -> None:
    """Note that the person has typed these attributes. The caller settles rules."""
    account.typed_by_person = sorted({*(account.typed_by_person or ()), *attributes})


def mark_address(work: Work, account: Account, *, before: str = "") -> None:
    """
    Note that the person has chosen the address, unless it is on a domain that the organization has proven and holds.

    Until somebody vouches for it, rules go by the one that was vouched for last: nobody leaves a group of those whom a rule
    of access keeps out by writing from elsewhere.

    Args:
        before: the address that the account had until now.
    """
    stood = account.vouched_email or ("" if EMAIL in (account.typed_by_person or ()) else before)
    proven = domain_reads.has_power(work, account.organization_id, account.email_key.rpartition("@")[2])
    if proven or (stood and names.email_key(stood) == account.email_key):
        vouch(account, EMAIL)
    else:
        mark(account, EMAIL)
        account.vouched_email = stood


def vouch(account: Account, *attributes: str) -> tuple[str, ...]:
    """Take what the person had typed as right; return which of *attributes* that was."""
    found = tuple(one for one in account.typed_by_person or () if one in attributes)
    if EMAIL in attributes:
        account.vouched_email = ""
    if found:
        account.typed_by_person = [one for one in account.typed_by_person if one not in found]
    return found
