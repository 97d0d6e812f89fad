"""Client assertions as a developer makes them, with keys of every kind."""

import warnings

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.oidc.support import ISSUER, NOON

EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
OTHER = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS = {"keys": [key.as_dict(private=False) for key in (EC, RSA, ED)]}

MACHINE = {"grant_types": ["client_credentials"], "scope": "reports", "redirect_uris": []}


def assertion(client, key=EC, alg="ES256", header=None, **changes):
    at = int(NOON.timestamp())
    said = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": ISSUER,
        "exp": at + 60,
        "iat": at,
        "jti": "once",
    }
    said = {name: value for name, value in (said | changes).items() if value is not None}
    head = {"alg": alg} | ({"kid": key.kid} if key.kid else {}) | (header or {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA; clients still use the old name
        return jwt.encode(head, said, key, algorithms=[alg])
