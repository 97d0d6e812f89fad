"""What an administrator does to the password of somebody else: demand a new one, bring the hash of another system."""

from idp.audit.events import NewPasswordRequired, PasswordImported
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import accounts, queries, rights
from idp.directory.authentication_policies import check_help
from idp.directory.models import Account
from idp.policy.permissions import Permission
from idp.signon import lockout
from idp.signon.factors import hashing, imported
from idp.signon.factors import password as password_
from idp.signon.models import Password


def reset_password(
    work: Work, reference: str, password: str, *, organization_id: str | None = None, due: str = password_.RESET
) -> Account:
    """
    Give an account another password, for a person who has forgotten theirs; every sign-on that it has ends.

    Args:
        due: why the person chooses another one at the next sign-in; empty: they keep this one.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not administer credentials there, or the account administers what the actor does not.
        Conflict: the account's policy lets no administrator help.
        Invalid: the password cannot be taken; the message says why.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    if password_.has_password(work, account.organization_id, account.id):  # giving the first one is no recovery
        check_help(work, account)
    return password_.set_password(work, account.id, password, organization_id=account.organization_id, due=due)


def require_new_password(
    work: Work, reference: str, *, organization_id: str | None = None, sign_out: bool = False
) -> Account:
    """
    Let an account choose a new password at its next sign-in with the present one; nobody is locked out by it.

    Args:
        sign_out: end every sign-on that it has now, too.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not administer credentials there, or the account administers what the actor does not.
        Conflict: it has no password.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    if not password_.has_password(work, account.organization_id, account.id):
        raise Conflict(phrase("“%(email)s” has no password that could be changed.", email=account.email))
    password_.require_new(work, account.organization_id, account.id, password_.RESET)
    if sign_out:
        accounts.bump_epoch(work, account.organization_id, account.id)
    record(
        work,
        NewPasswordRequired(
            organization_id=account.organization_id, target_id=account.id, email=account.email, signed_out=sign_out
        ),
    )
    return account


def import_password(
    work: Work, reference: str, text: str, *, organization_id: str | None = None, replace: bool = False
) -> tuple[Account, str]:
    """
    Give an account the hash that another system made of its password; return it, and the scheme of the hash.

    The person signs in with the password as before; that makes a hash of ours of it.

    Args:
        text: the hash, in one of the forms of `factors.imported`.
        replace: the account may have a password; it gives way, and every sign-on ends.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not administer credentials there, or the account administers what the actor does not.
        Invalid: the hash is not understood, is damaged, or costs too much to check.
        Conflict: the account has a password.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    scheme = imported.read(text).scheme
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    if row is not None and not replace:
        raise Conflict(
            phrase("“%(email)s” has a password already.", email=account.email),
            advice="Say --replace, if the imported one is to take its place.",
        )
    if row is None:
        row = Password(organization_id=account.organization_id, account_id=account.id)
        work.tx.session.add(row)
    else:
        accounts.bump_epoch(work, account.organization_id, account.id)
        lockout.clear_account(work, account.id)
    row.hash = hashing.sealed(work.tx.vault, account.id, text)
    row.pepper, row.imported, row.must_change, row.changed_at = hashing.NO_PEPPER, scheme, "", work.now
    work.tx.session.flush()
    record(
        work,
        PasswordImported(
            organization_id=account.organization_id, target_id=account.id, email=account.email, scheme=scheme
        ),
    )
    return account, scheme
