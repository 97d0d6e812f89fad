"""
OpenID Connect Front-Channel Logout 1.0: a frame of our page loads the client's address, and its own page there
signs the person out. It answers us nothing, so that nothing is ever confirmed in this way.
"""

from idp.base.work import Work
from idp.directory import sites
from idp.oidc import answer, session_ids
from idp.oidc.client_facts import ClientFacts
from idp.signon.teller import Told


def address(work: Work, base_url: str, client: ClientFacts, told: Told) -> str:
    """
    Return what a frame is to load: the registered address with ``iss`` and ``sid`` (section 3); empty if there is none.

    Every client gets both, whether it needs them (``frontchannel_logout_session_required``) or not: without
    them it could only end whatever session it finds.
    """
    site = sites.facts_by_id(work, client.organization_id, client.site_id)
    if not client.frontchannel_logout_uri or site is None:
        return ""
    who = [("iss", sites.issuer(base_url, site.slug)), ("sid", session_ids.of(work, client, told.session_id))]
    return answer.with_query(client.frontchannel_logout_uri, who)
