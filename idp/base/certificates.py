"""Certificates that somebody presents: who they say it is."""

from cryptography import x509


def subject(presented: bytes) -> str:
    """Return the subject of a certificate (DER) as RFC 4514 writes it; empty where it cannot be read."""
    try:
        return x509.load_der_x509_certificate(presented).subject.rfc4514_string()
    except ValueError:
        return ""
