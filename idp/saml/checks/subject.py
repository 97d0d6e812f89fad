"""Check that we can tell whom a request is about, if it is about somebody (SAML Core 2.0 section 3.4.1.4)."""

from collections.abc import Collection

from idp.base.texts import phrase
from idp.saml import errors, nameid
from idp.saml.endpoints import Requester
from idp.saml.messages import AuthnRequest
from idp.saml.names import EMAIL, UNSPECIFIED


def check_released(requester: Requester, request: AuthnRequest, may_leave: Collection[str]) -> None:
    """
    Whoever may not have people's e-mail addresses finds none out by asking about one: nobody's is looked for (X22).

    Args:
        may_leave: the attributes that the requester may have.

    Raises:
        StatusError: the Subject is an e-mail address and those are not released; whosever it is.
    """
    name = request.subject.name_id if request.subject is not None else None
    if name is not None and name.format == EMAIL and "email" not in may_leave:
        raise errors.name_id_policy(
            requester,
            "the request speaks of a person by e-mail address, but no policy releases it",
            reason="attribute",
            attribute="email",
            wanted=EMAIL,
        )


def check(requester: Requester, request: AuthnRequest) -> None:
    """
    Raises:
        StatusError: the Subject is encrypted, wants another confirmation, or has a format that we do not give.
    """
    subject = request.subject
    if subject is None:
        return
    if subject.name_id is None:
        raise errors.unsupported(requester, "the Subject of the request is not a plain NameID alone", reason="subject")
    if not nameid.gives(requester.provider, subject.name_id.format or UNSPECIFIED):
        raise errors.name_id_policy(
            requester,
            phrase("of the Subject: %(not_given)s", not_given=nameid.not_given(str(subject.name_id.format))),
            reason="format",
            received=str(subject.name_id.format)[:200],
            expected=nameid.FORMATS,
        )
