"""A device code for tokens, once a person has let the device in (RFC 8628 sections 3.4 and 3.5; O7, O35)."""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import grants, refresh_tokens, scopes, targets, tokens
from idp.oidc.device import device_codes
from idp.oidc.device.device_codes import DENIED, USED, WAITING, Device
from idp.oidc.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, SlowDown
from idp.oidc.grants import Dead
from idp.oidc.metadata import REFRESH_TOKEN
from idp.oidc.token import absent, key
from idp.oidc.token.exchange import Denied, Exchange, Issued

_NOT_GOOD = "The device code is not good, or no longer."
_REPLAYED = phrase("device code used twice")


def grant(work: Work, exchange: Exchange) -> Issued | Denied:
    """
    Redeem a device code, or say how it stands. What was decided in front of a person is judged anew (O22).

    A second use ends the grant and all its tokens: one of the two users has stolen the code.

    Raises:
        InvalidRequest: the device code is missing.
        InvalidGrant: unknown, another client's or site's, or the person may not sign on any more.
        ExpiredToken: nobody decided in time, or the device did not come for its tokens.
        AccessDenied: the person, or the organization, said no.
        InvalidTarget: a resource that the tokens cannot be for.
    """
    device = device_codes.find(work, exchange.required("device_code"))
    if device is None:
        raise InvalidGrant(_NOT_GOOD, cause="no such device code, or it was removed long after its end")
    _check_binding(exchange, device)
    exchange.trail.passed("device", device=device.asked["attempt_id"])
    if device.state == USED:
        return _replayed(work, exchange, device)
    if device.expires_at <= work.now:
        raise ExpiredToken(
            "The device code is over.", cause=phrase("the device code is over; it was %(state)s", state=device.state)
        )
    if device.state == DENIED:
        raise AccessDenied(
            "The device was not let in.",
            cause=phrase("the device was not let in; see %(attempt)s", attempt=device.asked["attempt_id"]),
        )
    if device.state == WAITING:
        return _still_waiting(work, exchange, device)
    return _redeem(work, exchange, device)


def _check_binding(exchange: Exchange, device: Device) -> None:
    bound_to = (device.organization_id, device.site_id, device.application_id)
    if bound_to != (exchange.client.organization_id, exchange.provider.site_id, exchange.client.application_id):
        raise InvalidGrant(_NOT_GOOD, cause="the device code was issued to another client, or at another site")


def _still_waiting(work: Work, exchange: Exchange, device: Device) -> Denied:
    """A device asks a hundred times: none of it is a refusal, so that nothing but the time is written down."""
    exchange.trail.id = device.asked["attempt_id"]  # the reference that the device is told
    if device_codes.poll(work, device):
        return Denied(AuthorizationPending("Nobody has let the device in yet."), recorded=False)
    return Denied(SlowDown("The device asks too often; wait 5 seconds longer from now on."), recorded=False)


def _redeem(work: Work, exchange: Exchange, device: Device) -> Issued | Denied:
    standing = grants.standing(work, exchange.client, device.grant_id or "")
    if isinstance(standing, Dead):
        raise InvalidGrant(_NOT_GOOD, cause=standing.cause)
    denied = absent.denied(work, exchange, standing)
    if denied:
        raise InvalidGrant(_NOT_GOOD, cause=denied)
    scope = scopes.of_grant(work, exchange.client, standing, standing.scope)
    target = targets.of_person(work, exchange, standing, scope)
    body, token_id = tokens.answer(work, exchange, standing, target, scope=scope)
    if not device_codes.use(work, device):
        return _replayed(work, exchange, device)
    exchange.trail.account_id = standing.account_id
    key.bind(work, exchange, standing)
    if REFRESH_TOKEN in exchange.client.grant_types:
        body["refresh_token"] = refresh_tokens.keep(work, standing)
    return Issued(body, token_id, target.scope, standing.account_id)


def _replayed(work: Work, exchange: Exchange, device: Device) -> Denied:
    grants.revoke(work, exchange.client, device.grant_id or "", because=_REPLAYED)
    return Denied(
        InvalidGrant(_NOT_GOOD, cause=phrase("device code used twice: the grant and its tokens were revoked"))
    )
