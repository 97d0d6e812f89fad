"""What a device asks of signing on, in its neutral words."""

from dataclasses import dataclass

from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import sites
from idp.oidc import client_facts, provider
from idp.oidc.authorize import acr_values, consents, max_age
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.device import asking
from idp.oidc.device.device_codes import Device
from idp.oidc.metadata import DEVICE_CODE
from idp.policy.access.context import RequestKind
from idp.signon.request import SignOnRequest

PROTOCOL = "device"
"""Sign-ons for devices are resumed here and at no other address (O9)."""


@dataclass(frozen=True, slots=True)
class Asking:
    """
    A device that waits, with the client that it belongs to and what it asked for, as they stand now.

    ``user_code`` is the code that the person typed, in its canonical form.
    """

    device: Device
    request: AuthorizeRequest
    user_code: str = ""


def of(work: Work, base_url: str, device: Device) -> Asking | str:
    """Return what *device* asks for if a person can decide about it now; else why not, for the administrator."""
    if not device.waits(work.now):
        late = device.expires_at <= work.now
        return (
            phrase("the device code is over")
            if late
            else phrase("the device code was decided on before: %(state)s", state=device.state)
        )
    site = sites.facts_by_id(work, device.organization_id, device.site_id)
    if site is None:
        return phrase("its site is disabled")
    client = client_facts.at_site(work, device.organization_id, device.site_id, device.asked["client_id"])
    if client is None or not client.enabled or DEVICE_CODE not in client.grant_types:
        return phrase("its client is gone, disabled, or not registered for devices any more")
    of_site = provider.Provider(site, sites.issuer(base_url, site.slug))
    return Asking(device, asking.again(work, of_site, client, device.asked))


def sign_on_request(base_url: str, request: AuthorizeRequest) -> SignOnRequest:
    """
    Return what *request* of a device asks of signing on.

    Whoever confirms a device is asked in any case, so that consent given before may count: it does not
    at the authorization endpoint, where a public client without an https address could be any program.
    """
    strength, unattainable = acr_values.demanded(request)
    return SignOnRequest(
        organization_id=request.provider.organization_id,
        site_id=request.provider.site_id,
        application_id=request.client.application_id,
        application_name=request.client.name,
        resume_url=asking.PATH,
        kind=RequestKind.OIDC,
        max_age=max_age.greatest(request),
        asked=strength,
        asked_if_possible=acr_values.is_wish(request),
        unattainable=unattainable,
        asks=consents.asks(request),
        start_again_url=base_url + asking.PATH,
    )
