"""What rules of contextual access say of tokens for a person who is not there."""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc.grants import LiveGrant
from idp.oidc.token.exchange import Exchange
from idp.policy.access.context import RequestKind
from idp.signon import contextual


def denied(work: Work, exchange: Exchange, standing: LiveGrant) -> str:
    """
    Ask the access policies as they are now: whoever was let in a while ago may be denied since (D11).

    What the person's browser is like cannot be told from here; that was judged when they signed on (ADR 41).

    Returns:
        the cause, where a rule denies it whatever else is the case; else empty.
    """
    by = contextual.judge_absent(
        work,
        RequestKind.OIDC,
        organization_id=exchange.client.organization_id,
        site_id=exchange.provider.site_id,
        application_id=exchange.client.application_id,
        account_id=standing.account_id,
    )
    if by is None:
        return ""
    exchange.trail.account_id = standing.account_id
    exchange.trail.decision, exchange.trail.rule = contextual.DENIED, by.rule
    return phrase("%(rule)s: denied", rule=by.rule)
