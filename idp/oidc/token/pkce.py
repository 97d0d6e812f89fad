"""Check the code verifier (RFC 7636 section 4.6; O6)."""

import base64
import hashlib
import re

from idp.base.crypto import equal
from idp.oidc.errors import InvalidGrant

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def check(challenge: str, verifier: str | None) -> None:
    """
    Compare the verifier with the challenge that the code was issued for (S256, the only method).

    Raises:
        InvalidGrant: it is missing, malformed or another one; or there was no challenge, so that
            the client was tricked into using somebody else's code.
    """
    if not challenge:
        if verifier is not None:
            raise InvalidGrant(
                "The code_verifier does not fit.", cause="a code_verifier, but the code has no challenge"
            )
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("The code_verifier does not fit.", cause="the code_verifier is missing or malformed")
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    if not equal(made, challenge):
        raise InvalidGrant("The code_verifier does not fit.", cause="the code_verifier is not that of the challenge")
