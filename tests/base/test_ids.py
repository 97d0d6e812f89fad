"""Identifiers name things; tokens are secrets of one exact form, and only their fingerprint is kept."""

import re
import time

import pytest

from idp.base.ids import TOKEN_BODY_LENGTH, fingerprint, is_token, new_id, new_ordered_id, new_token


def test_ids_carry_their_kind_and_128_random_bits():
    made = {new_id("acc") for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch(r"acc_[a-z2-7]{26}", one) for one in made)


def test_tokens_carry_their_kind_and_256_random_bits():
    made = {new_token("ses") for _ in range(1000)}

    assert len(made) == 1000
    assert all(len(one) == len("ses_") + TOKEN_BODY_LENGTH and is_token(one, "ses") for one in made)


@pytest.mark.parametrize("change", ["x", " ", "=", "\n", "\x00"])
def test_o24_a_token_that_is_longer_is_no_token(change):
    token = new_token("ses")

    assert not is_token(token + change, "ses")
    assert not is_token(change + token, "ses")


def test_o24_a_token_that_is_cut_or_of_another_kind_is_no_token():
    token = new_token("ses")

    assert not any(is_token(token[:length], "ses") for length in range(len(token)))
    assert not is_token(token, "acc")
    assert not is_token(token.replace("_", "-", 1), "ses")
    assert not is_token("ses_" + "ä" * TOKEN_BODY_LENGTH, "ses")


def test_a_fingerprint_changes_with_every_bit_of_the_token():
    token = new_token("ses")

    assert fingerprint(token) == fingerprint(token)
    assert len({fingerprint(token), fingerprint(token[:-1]), fingerprint(token.upper())}) == 3
    assert token[4:] not in fingerprint(token)


def test_ordered_ids_sort_by_the_millisecond_in_which_they_were_made():
    first = new_ordered_id("att")
    time.sleep(0.005)
    then = [new_ordered_id("att") for _ in range(1000)]

    assert all(re.fullmatch(r"att_[0-9a-f]{12}[a-z2-7]{16}", one) for one in (first, *then))
    assert len(set(then)) == 1000
    assert all(one > first for one in then)
