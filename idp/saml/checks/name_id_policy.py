"""Check that the name which is asked for can be given (SAML Core 2.0 section 3.4.1.1)."""

from idp.saml import errors, nameid
from idp.saml.endpoints import Requester
from idp.saml.messages import AuthnRequest


def check(requester: Requester, request: AuthnRequest) -> None:
    """
    Raises:
        StatusError: a format that we do not give, or a name that belongs to another service provider.
    """
    policy = request.name_id_policy
    if policy is None:
        return
    if policy.format is not None and not nameid.gives(requester.provider, policy.format):
        raise errors.name_id_policy(requester, nameid.not_given(policy.format))
    if policy.sp_name_qualifier not in (None, "", requester.provider.entity_id):
        raise errors.name_id_policy(requester, "SPNameQualifier names another service provider")
