"""A change of switches is told in words, never in the notation of a programming language."""

import pytest

from idp.saml.switch_words import difference

BEFORE = {
    "sign_response": True, "sign_assertion": True, "encrypt_assertion": False, "require_signed_requests": False,
    "nameid_format": "", "idp_initiated": False, "relay_states": [], "name_id_source": "", "context_map": {},
    "signature_algorithm": "rsa-sha256", "encrypt_name_id": False, "legacy_algorithms": [], "legacy_until": None,
    "signing_key_id": "", "certificate_by_hand": False, "start_url": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"sign_response": False}, ["response is signed changed: no (was: yes)"]),
        ({"sign_assertion": False}, ["assertion is signed changed: no (was: yes)"]),
        ({"encrypt_assertion": True}, ["assertion is encrypted changed: yes (was: no)"]),
        ({"encrypt_name_id": True}, ["NameID is encrypted changed: yes (was: no)"]),
        ({"require_signed_requests": True}, ["signed requests are required changed: yes (was: no)"]),
        ({"certificate_by_hand": True}, ["our certificate is put there by hand changed: yes (was: no)"]),
        ({"nameid_format": "urn:x"}, ["NameID format that is chosen here added: urn:x"]),
        ({"name_id_source": "department"}, ["what the NameID is made of added: department"]),
        ({"start_url": "https://a.example/"}, ["address that the tile leads to added: https://a.example/"]),
        ({"signing_key_id": "key_1"}, ["key that we sign with added: key_1"]),
        (
            {"context_map": {"says": {"second-step": "urn:mfa"}, "means": {"urn:any": "password"}}},
            [
                "authentication context added: a second-step is called urn:mfa",
                "authentication context added: urn:any takes a password",
            ],
        ),
        (
            {"legacy_algorithms": ["rsa-sha1"], "legacy_until": "2030-01-31T00:00:00+00:00"},
            [
                "old algorithm that is allowed added: rsa-sha1",
                "day on which old algorithms are off again added: 2030-01-31",
            ],
        ),
    ],
    ids=str,
)
def test_every_switch_has_words(change, words):
    assert [str(one) for one in difference(BEFORE, BEFORE | change)] == words


def test_no_switch_is_without_words():
    from dataclasses import fields

    from idp.saml.switches import Switches

    assert {one.name for one in fields(Switches)} == set(BEFORE)
    other = {
        name: {"says": {"password": "urn:x"}} if name == "context_map"
        else "2030-01-31T00:00:00+00:00" if name == "legacy_until"
        else not value if isinstance(value, bool) else ["x"] if isinstance(value, list) else "x"
        for name, value in BEFORE.items()
    }  # fmt: skip
    for name, value in other.items():
        assert len(difference(BEFORE, BEFORE | {name: value})) == 1, name
