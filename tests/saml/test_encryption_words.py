"""Encryption methods are written and read in short words."""

import pytest

from idp.base.errors import Invalid
from idp.saml import encryption_words, names
from idp.saml.description import EncryptionMethod


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("aes256-gcm", EncryptionMethod(names.AES256_GCM)),
        ("aes128-cbc", EncryptionMethod(names.AES128_CBC)),
        ("rsa-oaep-mgf1p", EncryptionMethod(names.RSA_OAEP_MGF1P)),
        ("rsa-oaep-mgf1p,digest=sha256", EncryptionMethod(names.RSA_OAEP_MGF1P, names.SHA256)),
        ("rsa-oaep,mgf=sha384", EncryptionMethod(names.RSA_OAEP, "", names.MGF1_SHA384)),
        ("rsa-oaep,digest=sha512,mgf=sha1", EncryptionMethod(names.RSA_OAEP, names.SHA512, names.MGF1_SHA1)),
    ],
)
def test_a_method_is_read_and_said_again(text, method):
    assert encryption_words.read(text) == method
    assert encryption_words.words(method) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "rsa-1_5", "rsa-1_5,digest=sha1", "des", "aes256-gcm,digest=sha256", "aes256-gcm,mgf=sha256",
        "rsa-oaep-mgf1p,mgf=sha256", "rsa-oaep,digest=md5", "rsa-oaep,mgf=md5", "rsa-oaep,digest=", "rsa-oaep,salt=1",
        "rsa-oaep,digest=sha1,digest=sha256", "rsa-oaep,",
    ],
)  # fmt: skip
def test_x12_what_is_not_used_here_is_refused(text):
    with pytest.raises(Invalid, match="no encryption method"):
        encryption_words.read(text)
