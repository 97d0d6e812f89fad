"""What an administrator does for somebody who cannot sign in: clear what was counted, take away second steps."""

from datetime import timedelta

from sqlalchemy import delete

from idp.audit.events import AccountUnlocked, FactorsReset
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import accounts, queries, rights
from idp.directory.authentication_policies import check_help
from idp.directory.models import Account
from idp.policy.signon import Method
from idp.signon import devices, lockout, notices
from idp.signon.factors import password, temporary_pass
from idp.signon.models import Authenticator, RecoveryCode, TemporaryPass, TotpFactor

_SECOND_STEPS = (
    (TotpFactor, Method.TOTP),
    (Authenticator, Method.SECURITY_KEY),
    (RecoveryCode, Method.RECOVERY_CODE),
)


def unlock(work: Work, account_id: str, *, organization_id: str | None = None) -> Account:
    """
    Forget the wrong tries that were counted for an account: passwords, on its known devices too, and codes.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not reset factors there, or the account administers what the actor does not.
    """
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, rights.RECOVERY, account)
    _forget_tries(work, account)
    record(work, AccountUnlocked(organization_id=account.organization_id, target_id=account.id, email=account.email))
    return account


def reset_factors(
    work: Work, account_id: str, *, organization_id: str | None = None, valid_for: timedelta = timedelta(hours=1)
) -> tuple[TemporaryPass, str]:
    """
    Remove every second step of an account, end its sign-ons, forget its devices, and give it a pass to begin anew with.

    Its password stays as it is.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not reset factors there, or the account administers what the actor does not.
        Invalid: *valid_for* is not within the bounds of `temporary_pass.make`.
        Conflict: the account is disabled, or its policy takes no passes: nothing is removed.
    """
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, rights.RECOVERY, account)
    given, typed = temporary_pass.give(work, account, valid_for=valid_for)
    _remove_every_step(work, account)
    return given, typed


def remove_factors(work: Work, account_id: str, *, organization_id: str | None = None) -> Account:
    """
    As `reset_factors`, without a pass: for many at once, of whom each signs in with their password and sets up anew.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not reset factors there, or the account administers what the actor does not.
        Conflict: the account is disabled, its policy lets no administrator help, or it has no password, without which
            nobody could sign in with it any more: nothing is removed.
    """
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, rights.RECOVERY, account)
    if account.disabled_at is not None:
        raise Conflict(phrase("“%(email)s” is disabled.", email=account.email))
    check_help(work, account)
    if not password.has_password(work, account.organization_id, account.id):
        raise Conflict(
            phrase("“%(email)s” has no password, and could not sign in any more.", email=account.email),
            advice="Remove the second steps of this account by itself: that gives a temporary access pass.",
        )
    _remove_every_step(work, account)
    return account


def _remove_every_step(work: Work, account: Account) -> None:
    removed = tuple(method.value for model, method in _SECOND_STEPS if _remove_all(work, account, model))
    devices.forget_all(work, account.id, organization_id=account.organization_id)
    accounts.bump_epoch(work, account.organization_id, account.id)
    _forget_tries(work, account)
    record(
        work,
        FactorsReset(
            organization_id=account.organization_id, target_id=account.id, email=account.email, removed=removed
        ),
    )
    notices.notify(
        work, organization_id=account.organization_id, account_id=account.id, kind=notices.SECOND_STEPS_RESET, facts={}
    )


def _remove_all(work: Work, account: Account, model: type[TotpFactor | Authenticator | RecoveryCode]) -> int:
    result = work.tx.session.execute(
        delete(model).where(model.organization_id == account.organization_id, model.account_id == account.id)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _forget_tries(work: Work, account: Account) -> None:
    lockout.clear_account(work, account.id)
    lockout.clear_second_steps(work, account.id)
    for device in devices.devices(work, account.organization_id, account.id):
        lockout.clear_device(work, device.id)
