"""What we sign with for it (OpenID Connect Core section 10.1, RFC 9068 section 2.1)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration

ID_TOKEN = Kind(
    "id-token-algorithm-rare",
    Severity.NOTE,
    "ID tokens by an algorithm that few libraries read",
    "Many applications know RS256 and ES256 alone, and refuse everybody then.",
    fixes="signs by RS256",
    clause="OpenID Connect Core section 15.1",
)
ACCESS_TOKEN = Kind(
    "access-token-algorithm-rare",
    Severity.WARNING,
    "access tokens by an algorithm that an API may not take",
    "An API that reads tokens by itself has to know the algorithm; all of them know RS256.",
    fixes="signs by RS256",
    clause="RFC 9068 section 2.1",
)
KINDS = (ID_TOKEN, ACCESS_TOKEN)

_RARE = frozenset({"EdDSA", "Ed25519", "PS256"})


def check_registration(registration: Registration) -> Findings:
    """Can whoever gets them read them?"""
    registered = registration.registered
    for name, kind in (("id_token_signed_response_alg", ID_TOKEN), ("access_token_signed_response_alg", ACCESS_TOKEN)):
        if registered.text(name) in _RARE:
            yield kind.found(
                phrase("%(name)s is %(value)s", name=name, value=registered.text(name)),
                here=change(
                    registered,
                    phrase("set %(name)s to RS256 or ES256, unless it is certain that it can be read", name=name),
                ),
                fix=amend(
                    phrase("sets %(name)s to RS256", name=name),
                    phrase(
                        "An application that expects %(algorithm)s refuses everybody.", algorithm=registered.text(name)
                    ),
                    **{name: "RS256"},
                ),
            )
