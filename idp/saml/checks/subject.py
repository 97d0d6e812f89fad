"""Check that we can tell whom a request is about, if it is about somebody (SAML Core 2.0 section 3.4.1.4)."""

from idp.saml import errors, nameid
from idp.saml.endpoints import Requester
from idp.saml.messages import AuthnRequest
from idp.saml.names import UNSPECIFIED


def check(requester: Requester, request: AuthnRequest) -> None:
    """
    Raises:
        StatusError: the Subject is encrypted, wants another confirmation, or has a format that we do not give.
    """
    subject = request.subject
    if subject is None:
        return
    if subject.name_id is None:
        raise errors.unsupported(requester, "the Subject of the request is not a plain NameID alone")
    if not nameid.gives(requester.provider, subject.name_id.format or UNSPECIFIED):
        raise errors.name_id_policy(requester, f"of the Subject: {nameid.not_given(str(subject.name_id.format))}")
