"""Which API asks what a token is: by its id and its secret, by HTTP Basic (RFC 7662 section 2.1; O12, O23)."""

from idp.base.crypto import equal
from idp.base.ids import fingerprint, is_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import api_facts, client_auth
from idp.oidc.api_facts import ApiFacts
from idp.oidc.errors import InvalidClient
from idp.oidc.metadata import SECRET_BASIC
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider

ID = "api"
SECRET = "aps"  # noqa: S105 (the kind of a secret, not a secret)
_NO_SECRET = fingerprint("")
_BEGINS = "YXBpX"
"""How a name that begins with ``api_`` begins in base64: clients, who ask most, are told apart by it alone."""


def authenticate(work: Work, provider: Provider, sent: Parameters, authorization: str | None) -> ApiFacts | None:
    """
    Return the API that has proven itself; None where the caller presents itself as a client.

    Raises:
        InvalidRequest: several ways of authenticating at once.
        InvalidClient: no such API at this site, disabled, or a wrong secret.
    """
    if authorization is None or sent.repeated or not authorization[len("Basic ") :].lstrip().startswith(_BEGINS):
        return None
    presented = client_auth.read(sent, authorization)
    if presented.method != SECRET_BASIC or not is_id(presented.client_id, ID):
        return None
    api = api_facts.at_site(work, provider.organization_id, provider.site_id).by_id.get(presented.client_id)
    stored = api.secret_hash if api is not None else ""
    right = equal(fingerprint(presented.secret), stored or _NO_SECRET)
    if api is None:
        raise InvalidClient(cause=phrase("no API %(client_id)s at this site", client_id=repr(presented.client_id)))
    if not (right and stored and presented.secret):
        raise InvalidClient(
            cause=phrase("the secret of the API %(identifier)s is wrong or empty", identifier=api.identifier)
        )
    if not api.enabled:
        raise InvalidClient(cause=phrase("the API %(identifier)s is disabled", identifier=api.identifier))
    return api
