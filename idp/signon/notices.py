"""
Notices: that something about an account's safety has happened, by mail and on the person's pages.

The mail carries a link that says "this was not me" (`signon.not_me`); the pages show the notice until the person
puts it away.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from idp.audit.log import plain
from idp.base import user_agents
from idp.base.errors import NotFound
from idp.base.ids import is_id, new_id, new_token
from idp.base.work import Work
from idp.directory import mailing
from idp.directory.models import Account, Organization
from idp.policy.access.context import AccountKind
from idp.signon import onetime
from idp.signon.models import Notice

NEW_DEVICE = "new-device"
SECOND_STEP_ADDED, SECOND_STEP_REMOVED = "second-step-added", "second-step-removed"
RECOVERY_CODES_MADE, RECOVERY_CODE_USED = "recovery-codes-made", "recovery-code-used"
PASSWORD_CHANGED, PASSWORD_STOPPED = "password-changed", "password-stopped"
SECOND_STEP_STOPPED, SECOND_STEPS_RESET = "second-step-stopped", "second-steps-reset"
ADDRESS_CHANGED = "address-changed"
TEMPORARY_PASS_MADE, TEMPORARY_PASS_USED = "temporary-pass-made", "temporary-pass-used"
SESSIONS_ENDED = "sessions-ended"
ACCOUNT_MANAGED, ACCOUNT_UNMANAGED = "account-managed", "account-unmanaged"
API_TOKEN_MADE = "api-token-made"  # noqa: S105 (a kind of notice)
API_TOKEN_ENDING = "api-token-ending"  # noqa: S105 (a kind of notice)
KINDS = (
    *(NEW_DEVICE, SECOND_STEP_ADDED, SECOND_STEP_REMOVED, RECOVERY_CODES_MADE, RECOVERY_CODE_USED),
    *(SECOND_STEP_STOPPED, SECOND_STEPS_RESET),
    *(PASSWORD_CHANGED, PASSWORD_STOPPED, ADDRESS_CHANGED, TEMPORARY_PASS_MADE, TEMPORARY_PASS_USED, SESSIONS_ENDED),
    *(ACCOUNT_MANAGED, ACCOUNT_UNMANAGED, API_TOKEN_MADE, API_TOKEN_ENDING),
)

NOT_ME = "not-me"
"""The purpose of the link that says so."""
NOT_ME_LIVES = timedelta(days=7)
TOKEN = "ntm"  # noqa: S105 (the kind of a token, not a token)
SHOWN = 5
_ID = "ntc"


def notify(
    work: Work,
    *,
    organization_id: str,
    account_id: str,
    kind: str,
    facts: dict[str, Any],
    to: str | None = None,
    undoable: bool = True,
) -> Notice:
    """
    Tell a person of *kind* (one of `KINDS`), by mail once this transaction is committed, and on their pages.

    Args:
        facts: what its sentence names: ``name`` (of a second step, of an API token), ``api``, ``until``, ``method``, ``left``, ``before``, ``by``;
            from where (``browser``, ``system``, ``place``, ``ip``) it was is added where a browser did it.
        to: where the mail goes, if not to the account's address.
        undoable: the mail carries the link "this was not me". It never does for break-glass accounts: whoever
            reads a mailbox cannot take the last key.
    """
    account = work.tx.session.get_one(Account, (organization_id, account_id))
    organization = work.tx.session.get_one(Organization, organization_id)
    facts = {name: plain(value) for name, value in facts.items()}
    if work.origin.door == "web":
        facts = {**_whence(work), **facts}
    notice = Notice(
        organization_id=organization_id, id=new_id(_ID), account_id=account_id, kind=kind, facts=facts, at=work.now
    )
    work.tx.session.add(notice)
    address = to or account.email
    undoable = undoable and account.kind != AccountKind.BREAK_GLASS
    mailing.queue(
        work,
        address,
        "notice",
        {
            "kind": kind,
            "facts": facts,
            "at": work.now.isoformat(),
            "organization": organization.name,
            "path": f"/not-me/{_link(work, notice, address)}" if undoable else "",
        },
        organization_id=organization_id,
    )
    return notice


def _whence(work: Work) -> dict[str, str]:
    """Return from where the browser is that does this, as far as it is known."""
    agent = user_agents.read(work.origin.user_agent)
    known = {
        "browser": agent.browser_name,
        "system": agent.system_name,
        "place": str(work.origin.locate(work.origin.ip)),
        "ip": work.origin.ip,
    }
    return {name: plain(value) for name, value in known.items() if value}


def _link(work: Work, notice: Notice, address: str) -> str:
    token = new_token(TOKEN)
    onetime.store(
        work,
        NOT_ME,
        token,
        organization_id=notice.organization_id,
        subject_id=notice.account_id,
        bound={
            "organization_id": notice.organization_id,
            "account_id": notice.account_id,
            "notice_id": notice.id,
            "kind": notice.kind,
            "address": address,
            "at": notice.at.isoformat(),
        },
        lives=NOT_ME_LIVES,
    )
    return token


def unseen(work: Work, organization_id: str, account_id: str) -> list[Notice]:
    """Return what the person was told of and has not put away, the newest first; a few at most."""
    query = (
        select(Notice)
        .where(
            Notice.organization_id == organization_id,
            Notice.account_id == account_id,
            Notice.seen_at.is_(None),
        )
        .order_by(Notice.at.desc(), Notice.id)
        .limit(SHOWN)
    )
    return list(work.tx.session.scalars(query))


def own(work: Work, organization_id: str, account_id: str, notice_id: str) -> Notice:
    """
    Return one of the notices of an account.

    Raises:
        NotFound: the person was told no such thing.
    """
    known = is_id(notice_id, _ID)
    notice = work.tx.session.get(Notice, (organization_id, notice_id)) if known else None
    if notice is None or notice.account_id != account_id:
        raise NotFound("There is no such notice.", advice="Look at your account again.")
    return notice


def put_away(work: Work, organization_id: str, account_id: str, *notice_ids: str) -> None:
    """
    Show these notices to their person no more.

    Raises:
        NotFound: the person was told no such thing.
    """
    for notice in [own(work, organization_id, account_id, notice_id) for notice_id in notice_ids]:
        notice.seen_at = notice.seen_at or work.now
    work.tx.session.flush()
