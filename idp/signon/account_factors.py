"""The second steps that an account has set up, for its administrators: what there is, and removing one."""

from dataclasses import dataclass
from datetime import datetime

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import accounts
from idp.directory.models import Account
from idp.directory.rights import RECOVERY
from idp.policy.signon import Method
from idp.signon import lockout
from idp.signon.factors import passkey, totp
from idp.signon.factors.password import own_or_administered


@dataclass(frozen=True, slots=True)
class Factor:
    """
    One second step of an account.

    Args:
        model, copied: of passkeys and security keys: the AAGUID that it states, and whether it is (or may be) on other
            devices as well; empty and None otherwise.
    """

    id: str
    method: Method
    name: str
    created_at: datetime
    last_used_at: datetime | None
    model: str = ""
    attestation: str = ""
    may_be_copied: bool | None = None
    copied: bool | None = None
    discoverable: bool | None = None


def factors(work: Work, account: Account) -> list[Factor]:
    """Return the second steps of an account that the actor has been given, oldest first of each kind."""
    apps = [
        Factor(one.id, Method.TOTP, one.name, one.created_at, one.last_used_at)
        for one in totp.factors(work, account.organization_id, account.id)
    ]
    keys = [
        Factor(
            one.id,
            passkey.method_of(verifies=one.verifies),
            one.name,
            one.created_at,
            one.last_used_at,
            one.aaguid,
            one.attestation,
            one.backup_eligible,
            one.backed_up,
            one.discoverable,
        )
        for one in passkey.of_account(work, account.organization_id, account.id)
    ]
    return apps + keys


def remove(work: Work, account_id: str, factor_id: str, *, organization_id: str) -> Factor:
    """
    Take a second step from an account, for example because it is lost; return what it was.

    Every sign-on of the account ends (A24): one that was opened with it would go on. The wrong codes that were tried
    are forgotten. The last one can be removed, too: where the policy asks for one, the next sign-in sets one up.

    Raises:
        NotFound: no such second step, or no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
    """
    account = own_or_administered(work, account_id, organization_id, RECOVERY)
    found = next((one for one in factors(work, account) if one.id == factor_id), None)
    if found is None:
        raise NotFound("There is no such second step.", advice="Look which there are: idp account factors EMAIL")
    verb = totp.remove if found.method is Method.TOTP else passkey.remove
    verb(work, account.id, factor_id, organization_id=organization_id, keep_one=False)
    accounts.bump_epoch(work, organization_id, account.id)
    lockout.clear_account(work, account.id)
    return found
