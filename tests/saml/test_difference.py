"""The difference of two descriptions: every part of it, in words, and what may be applied by itself (X30)."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from idp.saml import names
from idp.saml.description import About, EncryptionKey, EncryptionMethod, Endpoint, RequestedAttribute, SpDescription
from idp.saml.difference import difference, only_adds_certificates, taken_over
from tests.support.service_provider import NOON, pair

ONE, TWO = pair().der, pair("next").der
ACS = Endpoint(names.POST, "https://sp.example/acs", index=0)
MORE = Endpoint(names.POST, "https://sp.example/more", index=1)
CURVE = pair("curve", "p-256").der
GOOD = SpDescription(
    entity_id="https://sp.example/metadata",
    display_name="Wiki",
    assertion_consumers=(ACS, MORE),
    logout_endpoints=(Endpoint(names.REDIRECT, "https://sp.example/slo"),),
    signing_certificates=(ONE,),
    encryption_keys=(EncryptionKey(ONE),),
    nameid_formats=(names.EMAIL, names.PERSISTENT),
    requested_attributes=(RequestedAttribute("mail"),),
    authn_requests_signed=False,
    want_assertions_signed=False,
    valid_until=NOON,
    about=About(names=(("en", "Wiki"),), description="A wiki", logo_url="https://sp.example/logo.png"),
    cache_seconds=3600,
)

OURS = {"taken_out"}
"""What is remembered beside a description, and no part of what is said of the provider."""

CHANGES = {
    "entity_id": "https://other.example/",
    "display_name": "Team wiki",
    "assertion_consumers": (ACS,),
    "logout_endpoints": (),
    "name_id_endpoints": (Endpoint(names.SOAP, "https://sp.example/names"),),
    "signing_certificates": (TWO,),
    "encryption_keys": (EncryptionKey(ONE, (EncryptionMethod(names.AES128_GCM),)),),
    "nameid_formats": (names.PERSISTENT, names.EMAIL),
    "requested_attributes": (RequestedAttribute("mail", required=True),),
    "authn_requests_signed": True,
    "want_assertions_signed": True,
    "valid_until": NOON + timedelta(days=1),
    "about": About(names=(("en", "Wiki"),), description="Another wiki"),
    "cache_seconds": None,
}


def said(**change) -> list[str]:
    return [str(one) for one in difference(GOOD, replace(GOOD, **change))]


def test_the_same_is_no_difference():
    assert difference(GOOD, SpDescription.from_json(GOOD.to_json())) == ()


@pytest.mark.parametrize("name", [one.name for one in fields(SpDescription) if one.name not in OURS])
def test_no_part_of_a_description_changes_unsaid(name):
    """X30: whoever adds a part to descriptions has to say its difference."""
    assert said(**{name: CHANGES[name]})


@pytest.mark.parametrize("name", [one.name for one in fields(About)])
def test_no_part_of_what_is_shown_to_people_changes_unsaid(name):
    other = (("de", "Wiki"),) if name == "names" else "https://sp.example/other"
    assert said(about=replace(GOOD.about, **{name: other}))


def test_an_address_is_added_removed_or_changed():
    other = replace(MORE, location="https://sp.example/other")

    assert said(assertion_consumers=(ACS, replace(MORE, index=7), other)) == [
        "assertion consumer changed: https://sp.example/more (HTTP-POST, index 7) "
        "(was: https://sp.example/more (HTTP-POST, index 1))",
        "assertion consumer added: https://sp.example/other (HTTP-POST, index 1)",
    ]
    assert said(assertion_consumers=(MORE, ACS)) == [
        "assertion consumer changed: the same addresses in another order, or named another number of times",
        "address that answers go to by default changed: https://sp.example/more (was: https://sp.example/acs)",
    ]


def test_a_certificate_is_said_with_its_fingerprint_and_its_end():
    (gone, new) = said(signing_certificates=(TWO,))

    assert gone.startswith("signing certificate removed: SHA-256 ")
    assert new.startswith("signing certificate added: SHA-256 ")
    assert new.endswith(", ends 2022-01-01")


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        ({"signing_certificates": (ONE, TWO)}, True),
        ({"signing_certificates": (TWO, ONE)}, True),
        ({"encryption_keys": (EncryptionKey(ONE), EncryptionKey(TWO))}, True),
        ({"signing_certificates": (ONE, TWO), "valid_until": NOON + timedelta(days=1)}, True),
        ({"encryption_keys": (EncryptionKey(TWO), EncryptionKey(ONE))}, False),
        ({"encryption_keys": (EncryptionKey(CURVE), EncryptionKey(ONE))}, True),
        ({"signing_certificates": (TWO,)}, False),
        ({"signing_certificates": ()}, False),
        *(({"signing_certificates": (ONE, TWO), name: value}, False) for name, value in CHANGES.items()
          if name not in ("signing_certificates", "valid_until")),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else str(value),
)  # fmt: skip
def test_x30_nothing_but_certificates_added_may_be_applied_by_itself(change, alone):
    assert only_adds_certificates(difference(GOOD, replace(GOOD, **change))) is alone


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signing_certificates": (ONE, TWO)}, "further certificates"),
        ({"valid_until": NOON + timedelta(days=1)}, "a new validity, and nothing else"),
        (
            {"signing_certificates": (ONE, TWO), "valid_until": NOON + timedelta(days=1)},
            "further certificates and a new validity",
        ),
    ],
)
def test_what_was_taken_over_is_said_truly(change, words):
    assert taken_over(difference(GOOD, replace(GOOD, **change))) == words


def test_a_further_encryption_certificate_is_told_with_its_methods():
    key = EncryptionKey(TWO, (EncryptionMethod(names.AES128_GCM), EncryptionMethod(names.RSA_OAEP, names.SHA256)))
    (change,) = difference(GOOD, replace(GOOD, encryption_keys=(*GOOD.encryption_keys, key)))
    assert change.words.endswith(", by aes128-gcm rsa-oaep,digest=sha256")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (7200, "2 hours"), (86400, "1 day"), (0, "0 seconds"),
        (None, None),
    ],
)  # fmt: skip
def test_the_time_to_be_kept_has_a_unit(seconds, words):
    (change,) = difference(GOOD, replace(GOOD, cache_seconds=seconds))
    assert change.words == (f"{words} (was: 1 hour)" if words else "1 hour")


@pytest.mark.parametrize(
    "passed_over",
    [EncryptionKey(CURVE), EncryptionKey(TWO, (EncryptionMethod(names.XENC + "tripledes-cbc"),))],
    ids=["no RSA key", "no method of ours"],
)
def test_x30_a_key_that_is_slipped_in_before_the_one_that_is_used_is_more_than_one_added(passed_over):
    """X30: what cannot be encrypted with is passed over, so the key that counts need not be the first."""
    before = replace(GOOD, encryption_keys=(passed_over, EncryptionKey(ONE)))
    after = replace(GOOD, encryption_keys=(passed_over, EncryptionKey(pair("mallory").der), EncryptionKey(ONE)))

    assert not only_adds_certificates(difference(before, after))
