"""Who speaks for a site, and with which of its keys (SAML Core 2.0 section 5)."""

from dataclasses import dataclass

from idp.base.errors import Unavailable
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory.sites import SiteFacts
from idp.keyring import keyring
from idp.keyring.keyring import ACTIVE, Key
from idp.saml import signing
from idp.saml.facts import ProviderFacts
from idp.saml.signing import Signer


@quickly_made
@dataclass(frozen=True, slots=True)
class Speaker:
    """Who answers: the site's entity ID, and the key that it signs with, ready to sign."""

    issuer: str
    key: Signer


def speaker(work: Work, site: SiteFacts, issuer: str, provider: ProviderFacts | None) -> Speaker:
    """
    Return who speaks to *provider* (None: to whom it may concern).

    Raises:
        Unavailable: the site has no key of the kind that is wanted.
    """
    name = signing.STANDARD if provider is None else provider.signature_algorithm
    named = "" if provider is None else provider.signing_key_id
    keys = keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    return Speaker(issuer, signing.signer(choose(keys, name, named), name))


def choose(keys: tuple[Key, ...], name: str, named: str) -> Key:
    """
    Return the one of *keys* to sign with by the algorithm *name*: the one that is *named*, else the active one.

    A key that has gone is replaced by the active one: it is published, so nobody is shut out for that.

    Raises:
        Unavailable: there is none of that kind.
    """
    on_curve, chosen = signing.by_curve(name), None
    for key in keys:
        if signing.is_on_curve(key) != on_curve:
            continue
        if key.id == named:
            return key
        if key.state == ACTIVE and chosen is None:
            chosen = key
    if chosen is not None:
        return chosen
    raise Unavailable(
        "This site cannot sign at the moment.",
        code="no-active-key",
        advice="Tell your administrator.",
        cause=phrase(
            "no active %(purpose)s key for %(name)s: run `%(command)s`",
            purpose=keyring.SAML_SIGNING,
            name=name,
            command="idp keys create" if on_curve else "idp keys rotate",
        ),
    )
