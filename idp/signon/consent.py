"""
Consent: what a person has agreed that an application may receive.

What is asked for is a name that the pages have words for; or, where somebody else has to say what it means,
a name with whose it is and the sentence itself, so that another sentence is another thing to agree to.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from idp.audit.events import ConsentGiven, ConsentWithdrawn
from idp.audit.log import record
from idp.base.errors import NotFound
from idp.base.ids import is_id, new_id
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import Application
from idp.signon.models import Consent

_FIND = Prepared(
    select(Consent.asks).where(
        Consent.organization_id == bindparam("organization_id"),
        Consent.account_id == bindparam("account_id"),
        Consent.application_id == bindparam("application_id"),
        Consent.withdrawn_at.is_(None),
    )
)

BETWEEN = " — "


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked for. ``of`` and ``sentence`` are empty where the pages have words for the name."""

    name: str
    of: str = ""
    sentence: str = ""


def ask(name: str, of: str, sentence: str) -> str:
    """Return what is stored where somebody else says what it means: *of* is whose it is, without `BETWEEN` in it."""
    return BETWEEN.join((name, of, sentence))


def read(stored: str) -> Ask:
    """Return the one thing that is asked for of which *stored* speaks."""
    name, *rest = stored.split(BETWEEN, 2)
    return Ask(name, *rest) if len(rest) == 2 else Ask(stored)


def missing(
    work: Work, organization_id: str, account_id: str, application_id: str, asks: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what of *asks* the person has not agreed to, in the order asked."""
    row = work.tx.row(_FIND, organization_id=organization_id, account_id=account_id, application_id=application_id)
    agreed = frozenset(row.asks) if row is not None else frozenset()
    return tuple(ask for ask in asks if ask not in agreed)


def give(work: Work, organization_id: str, account_id: str, application_id: str, asks: tuple[str, ...]) -> Consent:
    """Remember that the person agreed to *asks*, in addition to what was agreed before."""
    row = _row(work, organization_id, account_id, application_id)
    if row is None:
        row = Consent(
            organization_id=organization_id,
            id=new_id("cns"),
            account_id=account_id,
            application_id=application_id,
            asks=[],
            given_at=work.now,
        )
        work.tx.session.add(row)
    before = [] if row.withdrawn_at is not None else list(row.asks)
    row.asks = before + [ask for ask in asks if ask not in before]
    row.given_at, row.withdrawn_at = work.now, None
    work.tx.session.flush()
    record(
        work,
        ConsentGiven(
            organization_id=organization_id, target_id=account_id, application_id=application_id, asks=tuple(row.asks)
        ),
    )
    return row


def withdraw(work: Work, organization_id: str, account_id: str, application_id: str) -> Consent:
    """
    Take back what a person agreed to; the application is asked for anew next time.

    Raises:
        NotFound: there is no such consent.
    """
    row = _row(work, organization_id, account_id, application_id) if is_id(application_id, "app") else None
    if row is None or row.withdrawn_at is not None:
        raise NotFound("You have not agreed to anything for this application.")
    row.withdrawn_at = work.now
    record(work, ConsentWithdrawn(organization_id=organization_id, target_id=account_id, application_id=application_id))
    return row


def given(work: Work, organization_id: str, account_id: str) -> list[tuple[Consent, Application]]:
    """Return what a person has agreed to, with the applications, by name."""
    query = (
        select(Consent, Application)
        .join(
            Application,
            (Application.organization_id == Consent.organization_id) & (Application.id == Consent.application_id),
        )
        .where(
            Consent.organization_id == organization_id,
            Consent.account_id == account_id,
            Consent.withdrawn_at.is_(None),
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name, Application.id)
    )
    return [(consent, application) for consent, application in work.tx.session.execute(query)]


def _row(work: Work, organization_id: str, account_id: str, application_id: str) -> Consent | None:
    return work.tx.session.scalar(
        select(Consent).where(
            Consent.organization_id == organization_id,
            Consent.account_id == account_id,
            Consent.application_id == application_id,
        )
    )
