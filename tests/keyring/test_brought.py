"""A key that an operator brings: what is taken, and what each other file is told."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from idp.base.errors import Invalid
from idp.keyring.brought import read


def pem(private, form=PrivateFormat.PKCS8, lock: KeySerializationEncryption | None = None) -> bytes:
    return private.private_bytes(Encoding.PEM, form, lock or NoEncryption())


def certificate(private) -> bytes:
    name = x509.Name.from_rfc4514_string("CN=Former provider")
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(7)
    dated = built.not_valid_before(datetime(2015, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2020, 1, 1, tzinfo=UTC))
    return dated.public_key(private.public_key()).sign(private, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def former():
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_of_2048_bits_comes_with_its_certificate_as_it_is(former, form):
    """Its dates are over; they mean nothing to a service provider that keeps the certificate."""
    brought = read(pem(former, form), certificate(former))

    assert brought.algorithm == "RSA-2048"
    assert brought.certificate_pem.encode() == certificate(former)
    assert brought.private.public_key() == former.public_key()


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP256R1(), "P-256"), (ec.SECP384R1(), "P-384"), (ec.SECP521R1(), "P-521")]
)
def test_an_ec_key_is_known_by_its_curve(curve, algorithm):
    assert read(pem(ec.generate_private_key(curve)), None).algorithm == algorithm


@pytest.mark.parametrize(
    ("private", "says"),
    [
        (rsa.generate_private_key(65537, 1024), "1024 bits"),
        (rsa.generate_private_key(3, 2048), "exponent 3"),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "neither an RSA nor an EC key"),
        (dsa.generate_private_key(2048), "neither an RSA nor an EC key"),
    ],
    ids=["short", "small-exponent", "other-curve", "ed25519", "dsa"],
)
def test_a_key_that_is_not_good_enough_is_refused_and_why_is_said(private, says):
    with pytest.raises(Invalid, match=says):
        read(pem(private), None)


def test_an_encrypted_key_is_told_how_to_come_without_lying_about_open(former):
    with pytest.raises(Invalid, match="encrypted") as refused:
        read(pem(former, lock=BestAvailableEncryption(b"correct horse")), None)
    assert "openssl pkey" in refused.value.advice


def test_a_file_that_is_no_key_is_refused(former):
    for content in (b"", b"\x00\xff", certificate(former), pem(former)[:400]):
        with pytest.raises(Invalid, match="no private key"):
            read(content, None)


def test_a_key_with_a_number_changed_is_refused(former):
    """An RSA key that signs wrongly gives its factors away."""
    numbers = former.private_numbers()
    broken = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d, numbers.dmp1 + 2, numbers.dmq1, numbers.iqmp, numbers.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)

    with pytest.raises(Invalid):
        read(pem(broken), None)


def test_a_certificate_of_another_key_is_refused(former):
    with pytest.raises(Invalid, match="another key"):
        read(pem(former), certificate(rsa.generate_private_key(65537, 2048)))


def test_a_file_that_is_no_certificate_is_refused(former):
    with pytest.raises(Invalid, match="no certificate"):
        read(pem(former), pem(former))
