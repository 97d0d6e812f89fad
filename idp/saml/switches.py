"""What an administrator may choose of signing, names of contexts, and old algorithms: judged before it is stored."""

from typing import TYPE_CHECKING

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.keyring import keyring
from idp.saml import contexts, legacy, signing
from idp.saml.models import ServiceProvider

if TYPE_CHECKING:
    from idp.saml.providers import Switches


def judge(work: Work, provider: ServiceProvider, wanted: "Switches") -> None:
    """
    Judge the switches of *provider* that *wanted* has set; what it leaves alone was judged before.

    A change between RSA and EC takes the named key with it: it is of the other kind.

    Raises:
        Invalid: a switch cannot be taken.
    """
    if wanted.legacy_algorithms is not None or wanted.legacy_until is not None:
        legacy.judge(provider.legacy_algorithms, provider.legacy_until, work.now)
    if wanted.context_map is not None:
        chosen = contexts.ContextMap.from_json(wanted.context_map)
        contexts.judge(chosen)
        provider.context_map = chosen.to_json()
    if wanted.signature_algorithm is not None or wanted.legacy_algorithms is not None:
        _judge_algorithm(work, provider)
    _judge_key(work, provider, named=bool(wanted.signing_key_id))


def _judge_algorithm(work: Work, provider: ServiceProvider) -> None:
    name = provider.signature_algorithm
    if name in signing.LEGACY_METHODS and name not in provider.legacy_algorithms:
        raise Invalid(
            f"{name} is an old algorithm and is not allowed to this application.",
            field="signature_algorithm",
            advice=f"Sign by {signing.STANDARD}; or allow it until a day: --legacy {name} --legacy-until DAY.",
        )
    if name not in signing.METHODS and name not in signing.LEGACY_METHODS:
        raise Invalid(
            f"“{name[:80]}” is no signature algorithm that is used here.",
            field="signature_algorithm",
            advice=f"Choose one of: {', '.join(signing.METHODS)}.",
        )
    if name in signing.METHODS and signing.METHODS[name].needs_curve:
        keys = keyring.published(work, provider.organization_id, provider.site_id, keyring.SAML_SIGNING)
        if not any(signing.is_on_curve(key) and key.state == keyring.ACTIVE for key in keys):
            raise Invalid(
                "The site has no EC key to sign with.",
                field="signature_algorithm",
                advice="Make one first, and let the application read our metadata: idp keys create SITE.",
            )


def _judge_key(work: Work, provider: ServiceProvider, *, named: bool) -> None:
    if not provider.signing_key_id:
        return
    keys = keyring.published(work, provider.organization_id, provider.site_id, keyring.SAML_SIGNING)
    on_curve = signing.by_curve(provider.signature_algorithm)
    if any(key.id == provider.signing_key_id and signing.is_on_curve(key) == on_curve for key in keys):
        return
    if named:
        raise Invalid(
            f"The site has no key “{provider.signing_key_id[:80]}” to sign with by {provider.signature_algorithm}.",
            field="signing_key_id",
            advice="See: idp keys list --site SITE.",
        )
    provider.signing_key_id = ""
