"""The kinds of private keys that sign here."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

Certifiable = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
"""What can sign SAML, and stand in a certificate there."""

PrivateKey = Certifiable | ed25519.Ed25519PrivateKey
