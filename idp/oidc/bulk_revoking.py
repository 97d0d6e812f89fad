"""Revoking the tokens of many accounts: what `signon.bulk_acts` does not know how to do, since it is below."""

from collections.abc import Mapping

from idp.base.work import Work
from idp.directory.console_models import Run
from idp.oidc import administered_grants
from idp.oidc.api_tokens import administered as api_tokens
from idp.signon import bulk_account_acts
from idp.signon.bulk_account_acts import CONSENTS, REVOKE_API_TOKENS, REVOKE_TOKENS, Do


def _revoke_tokens(work: Work, run: Run, account_id: str) -> None:
    administered_grants.revoke_all(
        work,
        account_id,
        organization_id=run.organization_id,
        consents=bulk_account_acts.wished(run, CONSENTS),
    )


def _revoke_api_tokens(work: Work, run: Run, account_id: str) -> None:
    api_tokens.revoke_all(work, account_id, organization_id=run.organization_id)


DO: Mapping[str, Do] = {REVOKE_TOKENS: _revoke_tokens, REVOKE_API_TOKENS: _revoke_api_tokens}
"""What does each, for `bulk_acts.kinds`."""
