"""Secrets at rest: a seal opens only where it was made, with the key it was made with."""

import pytest

from idp.base.crypto import Vault, equal
from idp.base.errors import Unavailable

PLACE = "passwords:hash:acc_1"
VAULT = Vault({"a": bytes(32)}, "a")


def test_what_was_sealed_opens_again():
    assert VAULT.open_(VAULT.seal(b"secret", PLACE), PLACE) == b"secret"


def test_the_same_secret_is_never_sealed_alike():
    assert VAULT.seal(b"secret", PLACE) != VAULT.seal(b"secret", PLACE)


def test_i11_a_seal_that_was_moved_to_another_row_does_not_open():
    """I11: whoever can write the database cannot give one row the secret of another."""
    sealed = VAULT.seal(b"secret", PLACE)

    with pytest.raises(Unavailable) as refused:
        VAULT.open_(sealed, "passwords:hash:acc_2")

    assert refused.value.code == "seal-broken"


def test_i11_an_altered_seal_does_not_open():
    sealed = VAULT.seal(b"secret", PLACE)

    for position in range(2, len(sealed)):
        other = "0" if sealed[position] != "0" else "1"
        with pytest.raises(Unavailable):
            VAULT.open_(sealed[:position] + other + sealed[position + 1 :], PLACE)


def test_i11_a_seal_of_a_key_that_is_not_here_does_not_open():
    sealed = Vault({"b": bytes(32)}, "b").seal(b"secret", PLACE)

    with pytest.raises(Unavailable) as refused:
        VAULT.open_(sealed, PLACE)

    assert refused.value.code == "wrong-wrapping-key"


def test_an_older_key_still_opens_what_it_sealed():
    sealed = VAULT.seal(b"secret", PLACE)
    rotated = Vault({"a": bytes(32), "b": bytes(range(32))}, "b")

    assert rotated.open_(sealed, PLACE) == b"secret"
    assert rotated.seal(b"secret", PLACE).startswith("b.")


def test_what_is_derived_stays_the_same_while_keys_are_added():
    rotated = Vault({"a": bytes(32), "b": bytes(range(32))}, "b")

    assert rotated.derived("form-token") == VAULT.derived("form-token")
    assert VAULT.derived("form-token") != VAULT.derived("password-pepper")


def test_a_vault_does_not_show_its_keys():
    assert "keys" not in repr(Vault({"a": b"k" * 32}, "a"))
    assert "kkk" not in repr(Vault({"a": b"k" * 32}, "a"))


@pytest.mark.parametrize(
    ("left", "right", "same"), [("a", "a", True), ("a", "b", False), ("ä", "ä", True), ("", "a", False)]
)
def test_equality_of_secrets(left, right, same):
    assert equal(left, right) is same
