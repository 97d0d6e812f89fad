"""
The one file that encrypts JOSE (RFC 7516), to keys of clients. Nothing here decrypts: nobody encrypts for us.

RSA1_5 is not among the algorithms, whatever a client asks for (RFC 8725 section 3.2).
"""

from joserfc import jwe
from joserfc.jwk import ECKey, OKPKey, RSAKey

RSA_ALGORITHMS = ("RSA-OAEP-256", "RSA-OAEP")
CURVE_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ALGORITHMS = (*RSA_ALGORITHMS, *CURVE_ALGORITHMS)
METHODS = ("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")


def encrypt(
    said: bytes, key: RSAKey | ECKey | OKPKey, key_id: str, algorithm: str, method: str, *, nested: bool
) -> str:
    """
    Return *said* encrypted to *key*, in compact form.

    Args:
        key_id: by which the client finds its key; empty where its key has no name.
        algorithm: one of `ALGORITHMS` that the key is for.
        method: one of `METHODS`.
        nested: *said* is a JWT itself, and the header says so (RFC 7519 section 5.2).

    Raises:
        ValueError: nothing can be encrypted to that key, whatever it looks like.
    """
    header = {"alg": algorithm, "enc": method}
    if key_id:
        header["kid"] = key_id
    if nested:
        header["cty"] = "JWT"
    return jwe.encrypt_compact(header, said, key, algorithms=[algorithm, method])
