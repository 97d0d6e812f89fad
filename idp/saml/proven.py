"""Who sent a message about sessions or names: these must be signed, whatever else is not (X28, P7)."""

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.saml import requests, signatures
from idp.saml.bindings import DetachedSignature
from idp.saml.facts import ProviderFacts
from idp.saml.gate import Tree
from idp.saml.messages import issuer_of
from idp.saml.requests import Place


def proven(
    work: Work, place: Place, root: Tree, signature: DetachedSignature | None, trail: Trail
) -> tuple[ProviderFacts, Tree]:
    """
    Return the service provider that has signed *root*, and what its signature covers: only that may be read.

    Raises:
        MessageRefused: it is nobody of this site, or has not signed it.
    """
    known = requests.identified(work, place, issuer_of(root), trail)
    covered, is_signed = signatures.verified(root, signature, known.verify_keys, known.allowed)
    if not is_signed:
        raise signatures.not_proven("it is not signed, and a message about sessions or names must be", "missing")
    if issuer_of(covered) != known.entity_id:
        raise signatures.not_proven("the signed part of the message has another Issuer")
    old = signatures.old_algorithms(root, signature, known.allowed)
    trail.passed("signature", signed=is_signed, **({"old_algorithms": old} if old else {}))
    return known, covered
