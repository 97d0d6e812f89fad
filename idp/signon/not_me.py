"""
"This was not me": ends everything that an incident may have given somebody, and begins to win the account back.

By the link of a notice, by the notice itself, or for a sign-in of one's own history. It ends every sign-on, known
device, grant, API token and link; removes the second steps and recovery codes that were added since, and takes back temporary passes; stops the
password, which whoever it was may know; and gives the account the address back that the notice was mailed to. Then
a link to set a new password goes there.

A mailbox alone never takes the last second step away: where one is removed and none is left, no mail is sent and an
administrator helps (docs/decisions/0043-recovery.md). Nor is one sent to an address that the account got since.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from idp.audit.events import IncidentReported
from idp.audit.log import record
from idp.base.errors import NotFound
from idp.base.ids import is_id, is_token
from idp.base.tables import table
from idp.base.work import Place, Work
from idp.directory import accounts, names
from idp.directory.models import Account
from idp.signon import devices, email_change, mail_links, notices, onetime, password_reset
from idp.signon.factors import enrolled
from idp.signon.mail_links import LinkOver
from idp.signon.models import Authenticator, Notice, RecoveryCode, SignIn, TemporaryPass, TotpFactor
from idp.signon.session import CurrentSession


@dataclass(frozen=True, slots=True)
class Incident:
    """
    What was not done by the person: what they were told, and when it was.

    ``address`` is the one that the account had; ``restores``: it gets that one back.
    """

    organization_id: str
    account_id: str
    kind: str
    at: datetime
    address: str
    facts: dict[str, Any]
    restores: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it. ``by_mail``: a link to set a new password is on its way; else an administrator helps."""

    removed: tuple[str, ...]
    by_mail: bool


def find(work: Work, token: str) -> Incident:
    """
    Return what the link of *token* is about. Uses nothing up.

    Raises:
        LinkOver: it is not good, or no longer.
    """
    found = onetime.look(work, notices.NOT_ME, token) if is_token(token, notices.TOKEN) else None
    if not isinstance(found, onetime.Unused):
        raise LinkOver
    return _incident(work, found.bound)


def report(work: Work, token: str) -> Ended:
    """
    Use the link up, and end everything.

    Raises:
        LinkOver: it is not good, or somebody else was faster.
    """
    incident = find(work, token)
    mail_links.hold(work, incident.organization_id, incident.account_id)
    found = onetime.consume(work, notices.NOT_ME, token)
    if not isinstance(found, onetime.Consumed):
        raise LinkOver
    return _end(work, incident)


def sign_in(work: Work, session: CurrentSession, sign_in_id: str) -> Incident:
    """
    Return one of the person's own sign-ins as an incident.

    Raises:
        NotFound: the person has no such sign-in.
    """
    known = is_id(sign_in_id, "sin")
    row = work.tx.session.get(SignIn, (session.organization_id, sign_in_id)) if known else None
    if row is None or row.account_id != session.account_id:
        raise NotFound("There is no such sign-in.", advice="Look at your account again.")
    facts = {"ip": row.ip, "place": str(Place(row.country, row.city))}
    address = _address_at(work, session, row.at)
    return Incident(session.organization_id, session.account_id, "sign-in", row.at, address, facts)


def report_sign_in(work: Work, session: CurrentSession, sign_in_id: str) -> Ended:
    """
    End everything because of a sign-in that was not the person's; the door has asked for their proofs.

    Raises:
        NotFound: the person has no such sign-in.
    """
    mail_links.hold(work, session.organization_id, session.account_id)
    return _end(work, sign_in(work, session, sign_in_id))


def told(work: Work, session: CurrentSession, notice_id: str) -> Incident:
    """
    Return what one of the person's own notices tells, as an incident.

    Raises:
        NotFound: the person was told no such thing.
    """
    notice = notices.own(work, session.organization_id, session.account_id, notice_id)
    return Incident(
        organization_id=session.organization_id,
        account_id=session.account_id,
        kind=notice.kind,
        at=notice.at,
        address=_address_at(work, session, notice.at),
        facts=notice.facts,
        restores=notice.kind == notices.ADDRESS_CHANGED and "by" not in notice.facts,
    )


def report_told(work: Work, session: CurrentSession, notice_id: str) -> Ended:
    """
    End everything because of what a notice tells; the door has asked for the person's proofs.

    Raises:
        NotFound: the person was told no such thing.
    """
    mail_links.hold(work, session.organization_id, session.account_id)
    ended = _end(work, told(work, session, notice_id))
    notices.put_away(work, session.organization_id, session.account_id, notice_id)
    return ended


def _address_at(work: Work, session: CurrentSession, at: datetime) -> str:
    """Return the address that the account had at that time; what administrators changed since they vouch for."""
    query = (
        select(Notice.facts)
        .where(
            Notice.organization_id == session.organization_id,
            Notice.account_id == session.account_id,
            Notice.kind == notices.ADDRESS_CHANGED,
            Notice.at >= at,
        )
        .order_by(Notice.at, Notice.id)
    )
    before = ""
    for facts in work.tx.session.scalars(query):
        before = "" if "by" in facts else before or facts["before"]
    return before or session.email


def _incident(work: Work, bound: dict[str, Any]) -> Incident:
    organization_id = bound["organization_id"]
    notice = work.tx.session.get(Notice, (organization_id, bound["notice_id"]))
    return Incident(
        organization_id=organization_id,
        account_id=bound["account_id"],
        kind=bound["kind"],
        at=datetime.fromisoformat(bound["at"]),
        address=bound["address"],
        facts={} if notice is None else notice.facts,
        restores=True,
    )


def _end(work: Work, incident: Incident) -> Ended:
    account = work.tx.session.get_one(Account, (incident.organization_id, incident.account_id))
    restored = _restore_address(work, account, incident.address) if incident.restores else ""
    elsewhere = account.email_key != names.email_key(incident.address)
    removed = _remove_since(work, account, incident.at)
    left = enrolled.exists(work, account.organization_id, account.id)
    password_reset.stop(work, account, only_administrator=elsewhere or (bool(removed) and not left))
    mail_links.end_all(work, account.id)
    onetime.end(work, notices.NOT_ME, account.id, since=incident.at)
    account.api_token_epoch += 1
    work.tx.session.flush()
    accounts.bump_epoch(work, account.organization_id, account.id)
    devices.end_all(work, account.organization_id, account.id)
    work.tx.session.refresh(account)
    by_mail = not password_reset.why_not(work, account)
    if by_mail:
        password_reset.mail_reset(work, account, asked_from="")
    record(
        work,
        IncidentReported(
            organization_id=account.organization_id,
            target_id=account.id,
            kind=incident.kind,
            since=incident.at.isoformat(),
            removed=removed,
            address=restored,
            helped_by="mail" if by_mail else "administrator",
        ),
    )
    return Ended(removed, by_mail)


def _restore_address(work: Work, account: Account, address: str) -> str:
    """Give the account *address* back if it has lost it, and nobody else has it now; return it if so."""
    if account.email_key == names.email_key(address):
        return ""
    if account.managed_at is not None:  # claimed since, with the address that it has: administrators decide on that
        return ""
    if not email_change.is_free(work, account.organization_id, address):
        return ""
    email_change.replace(work, account, address, seen=account.email, by="not me")
    return address


def _remove_since(work: Work, account: Account, since: datetime) -> tuple[str, ...]:
    """Remove second steps and recovery codes that were added from *since* on; return the names of second steps."""
    removed: list[str] = []
    for model in (TotpFactor, Authenticator):
        of = table(model).c
        where = (of.organization_id == account.organization_id, of.account_id == account.id, of.created_at >= since)
        removed += work.tx.session.scalars(select(of.name).where(*where).order_by(of.created_at, of.id))
        work.tx.session.execute(delete(model).where(*where))
    work.tx.session.execute(
        delete(RecoveryCode).where(
            RecoveryCode.organization_id == account.organization_id,
            RecoveryCode.account_id == account.id,
            RecoveryCode.created_at >= since,
        )
    )
    work.tx.session.execute(
        update(TemporaryPass)
        .where(
            TemporaryPass.organization_id == account.organization_id,
            TemporaryPass.account_id == account.id,
            TemporaryPass.used_at.is_(None),
            TemporaryPass.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )
    work.tx.session.flush()
    return tuple(removed)
