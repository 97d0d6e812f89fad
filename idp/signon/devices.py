"""
Known devices: browsers on which an account completed a sign-on.

A known device has a lane of its own where passwords are guessed (`lockout`). One that is *remembered* stands in
for the second step, where the authentication policy alone asks for one, until its time is over, the
account's credentials or second steps change, the policy says less, or somebody forgets it (A23).
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, bindparam, insert, select, update

from idp.audit.events import KnownDeviceAdded, KnownDeviceForgotten, KnownDeviceRemembered
from idp.audit.log import plain, record
from idp.base.errors import NotFound
from idp.base.ids import fingerprint, is_id, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account
from idp.directory.rights import RECOVERY
from idp.policy.signon import STRONG_SECOND_STEPS, Method, Proof
from idp.signon import device_cookie
from idp.signon import session as session_
from idp.signon.device_cookie import Device
from idp.signon.factors.password import own_or_administered
from idp.signon.models import KnownDevice, SignOnSession

_ID = "dev"
TOKEN = "dvt"  # noqa: S105 (the kind of a token, not a token)
MOST_PER_ACCOUNT = 30
find = device_cookie.find
REMEMBERED_BY = STRONG_SECOND_STEPS - {Method.TEMPORARY_PASS}
"""What must be proven on a device before it may be remembered: a pass is lent, and for once."""

_TABLE = table(KnownDevice)
_ADD = Prepared(insert(_TABLE))
_SEE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_device"),
        _TABLE.c.revoked_at.is_(None),
    )
    .values(
        user_agent=bindparam("new_user_agent"),
        ip=bindparam("new_ip"),
        place=bindparam("new_place"),
        last_seen_at=bindparam("at", type_=_TABLE.c.last_seen_at.type),
    )
)
_ROTATE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_device"),
        _TABLE.c.token_hash == bindparam("seen_token"),
        _TABLE.c.revoked_at.is_(None),
    )
    .values(
        token_hash=bindparam("new_token"),
        former_token_hash=bindparam("seen_token"),
        rotated_at=bindparam("at", type_=_TABLE.c.rotated_at.type),
    )
)
_ANY = Prepared(
    select(_TABLE.c.id)
    .where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.account_id == bindparam("of_account"))
    .limit(1)
)
_REMEMBER = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_device"),
        _TABLE.c.revoked_at.is_(None),
    )
    .values(
        account_epoch=bindparam("new_epoch"),
        remembered_at=bindparam("at", type_=_TABLE.c.remembered_at.type),
        remembered_until=bindparam("until", type_=_TABLE.c.remembered_until.type),
    )
)


@dataclass(frozen=True, slots=True)
class Noted:
    """
    A sign-in was noted.

    Args:
        device_id: of this browser, for this account.
        cookie: what the browser's cookie is to hold from now on; empty: as it is.
        new: this account has not signed in on it before.
        first: nor on any other, as far as is remembered.
    """

    device_id: str
    cookie: str
    new: bool
    first: bool = False


def note(
    work: Work,
    organization_id: str,
    account_id: str,
    *,
    epoch: int,
    proofs: tuple[Proof, ...],
    remember_days: int = 0,
) -> Noted:
    """
    Note that the account has completed a sign-in in this browser.

    Args:
        epoch: of the account, as it signed in.
        proofs: what was proven in this very sign-on; it is remembered by a strong second step only.
        remember_days: for how long the person wants not to be asked for the second step here; 0: not at all.
    """
    known = find(work, organization_id, account_id)
    first = known is None and not work.tx.rows(_ANY, of_organization=organization_id, of_account=account_id)
    device_id, cookie = _seen(work, organization_id, known) if known is not None else (None, "")
    if device_id is None:
        device_id, cookie = _added(work, organization_id, account_id, epoch)
    if remember_days > 0 and any(proof.method in REMEMBERED_BY for proof in proofs):
        _remember(work, organization_id, account_id, device_id, epoch=epoch, days=remember_days)
    return Noted(device_id, cookie, new=known is None, first=first)


def _seen(work: Work, organization_id: str, known: Device) -> tuple[str | None, str]:
    """Write down that a known device is in use and give it its next token; nothing if it was forgotten meanwhile."""
    where = _where(work)
    if not work.tx.run(_SEE, of_organization=organization_id, of_device=known.id, at=work.now, **where):
        return None, ""
    held = dict(device_cookie.read(work.origin.devices))[known.id]
    token = new_token(TOKEN)
    rotated = work.tx.run(
        _ROTATE,
        of_organization=organization_id,
        of_device=known.id,
        seen_token=fingerprint(held),
        new_token=fingerprint(token),
        at=work.now,
    )
    # Not rotated: another tab was faster, and its answer brings the new token to the same cookie.
    return known.id, _cookie(work, organization_id, known.account_id, (known.id, token)) if rotated else ""


def _added(work: Work, organization_id: str, account_id: str, epoch: int) -> tuple[str, str]:
    where, token, device_id = _where(work), new_token(TOKEN), new_id(_ID)
    work.tx.run(
        _ADD,
        organization_id=organization_id,
        id=device_id,
        account_id=account_id,
        account_epoch=epoch,
        token_hash=fingerprint(token),
        former_token_hash="",
        rotated_at=work.now,
        user_agent=where["new_user_agent"],
        ip=where["new_ip"],
        place=where["new_place"],
        first_seen_at=work.now,
        last_seen_at=work.now,
        remembered_at=None,
        remembered_until=None,
        revoked_at=None,
    )
    record(
        work,
        KnownDeviceAdded(
            organization_id=organization_id,
            target_id=account_id,
            device_id=device_id,
            user_agent=where["new_user_agent"],
        ),
    )
    _drop_oldest(work, organization_id, account_id)
    return device_id, _cookie(work, organization_id, account_id, (device_id, token))


def _where(work: Work) -> dict[str, str]:
    return {
        "new_user_agent": plain(work.origin.user_agent)[:256],
        "new_ip": work.origin.ip[:64],
        "new_place": str(work.origin.locate(work.origin.ip))[:128],
    }


def _cookie(work: Work, organization_id: str, account_id: str, pair: tuple[str, str]) -> str:
    """Return the cookie with *pair* in front: what else this account had in it goes, those of others stay."""
    held = device_cookie.read(work.origin.devices)
    rows = device_cookie.rows(work, organization_id, tuple(device_id for device_id, _ in held))
    gone = {row.id for row in rows if row.account_id == account_id or row.revoked_at is not None}
    kept = [one for one in held if one[0] not in gone and one[0] != pair[0]]
    return device_cookie.written((pair, *kept))


def _remember(work: Work, organization_id: str, account_id: str, device_id: str, *, epoch: int, days: int) -> None:
    until = work.now + timedelta(days=days)
    work.tx.run(
        _REMEMBER, of_organization=organization_id, of_device=device_id, new_epoch=epoch, at=work.now, until=until
    )
    record(
        work,
        KnownDeviceRemembered(
            organization_id=organization_id, target_id=account_id, device_id=device_id, until=until.isoformat()
        ),
    )


def _drop_oldest(work: Work, organization_id: str, account_id: str) -> None:
    """Whoever deletes cookies leaves a device behind each time: those that were not seen for longest go."""
    known = devices(work, organization_id, account_id)
    for old in known[MOST_PER_ACCOUNT:]:
        old.revoked_at = work.now
    work.tx.session.flush()


def devices(work: Work, organization_id: str, account_id: str) -> list[KnownDevice]:
    """Return the devices that an account is known on, the one last seen first."""
    return list(work.tx.session.scalars(_live(organization_id, account_id)))


def _live(organization_id: str, account_id: str) -> Select[KnownDevice]:
    return (
        select(KnownDevice)
        .where(
            KnownDevice.organization_id == organization_id,
            KnownDevice.account_id == account_id,
            KnownDevice.revoked_at.is_(None),
        )
        .order_by(KnownDevice.last_seen_at.desc(), KnownDevice.id)
    )


def forget(work: Work, account_id: str, device_id: str, *, organization_id: str, keep_session: str = "") -> KnownDevice:
    """
    Forget a device of an account: it is a stranger from now on, and signed out.

    Args:
        keep_session: the session that asks for it goes on.

    Raises:
        NotFound: no such device, or no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
    """
    account = own_or_administered(work, account_id, organization_id, RECOVERY)
    query = _live(organization_id, account.id).where(KnownDevice.id == device_id)
    found = work.tx.session.scalar(query) if is_id(device_id, _ID) else None
    if found is None:
        raise NotFound("There is no such device.", advice="Look at the list again.")
    _forget(work, account, [found], keep_session)
    return found


def forget_all(work: Work, account_id: str, *, organization_id: str, keep_session: str = "") -> int:
    """
    Forget every device of an account, as `forget` does; return how many there were.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
    """
    account = own_or_administered(work, account_id, organization_id, RECOVERY)
    found = devices(work, organization_id, account.id)
    _forget(work, account, found, keep_session)
    return len(found)


def end_all(work: Work, organization_id: str, account_id: str) -> None:
    """Let every device of an account be a stranger from now on (called by what ends its sign-ons by a new epoch)."""
    work.tx.session.execute(
        update(KnownDevice)
        .where(
            KnownDevice.organization_id == organization_id,
            KnownDevice.account_id == account_id,
            KnownDevice.revoked_at.is_(None),
        )
        .values(revoked_at=work.now, remembered_at=None, remembered_until=None)
        .execution_options(synchronize_session="fetch")
    )


def _forget(work: Work, account: Account, found: list[KnownDevice], keep_session: str) -> None:
    for device in found:
        device.revoked_at = work.now
    work.tx.session.flush()
    forgotten = {device.id for device in found}
    for session in work.tx.session.scalars(_sessions_on_devices(account)):
        if session.device_id in forgotten and session.id != keep_session:
            session_.end(work, account.organization_id, session.id, because="device forgotten")
    for device in found:
        record(
            work,
            KnownDeviceForgotten(
                organization_id=account.organization_id,
                target_id=account.id,
                device_id=device.id,
                user_agent=device.user_agent,
            ),
        )


def _sessions_on_devices(account: Account) -> Select[SignOnSession]:
    return select(SignOnSession).where(
        SignOnSession.organization_id == account.organization_id,
        SignOnSession.account_id == account.id,
        SignOnSession.ended_at.is_(None),
        SignOnSession.device_id != "",
    )


def ask_again(work: Work, organization_id: str, account_id: str) -> None:
    """
    Let no device of an account stand in for the second step any more; they stay known.

    Called by whatever removes or resets a second step (A23); a new epoch does the same.
    """
    work.tx.session.execute(
        update(KnownDevice)
        .where(KnownDevice.organization_id == organization_id, KnownDevice.account_id == account_id)
        .values(remembered_at=None, remembered_until=None)
        .execution_options(synchronize_session="fetch")
    )
