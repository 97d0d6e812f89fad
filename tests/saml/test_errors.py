"""What is said where SAML goes wrong."""

import pytest

from idp.saml import errors
from idp.saml.errors import MessageRefused
from idp.signon.request import Refusal


def test_every_refusal_has_a_status():
    assert set(errors.STATUS) == set(Refusal)
    assert all(len(codes) == 2 for codes in errors.STATUS.values())


def test_every_code_has_words_and_none_of_them_names_a_mechanism():
    codes = {v for k, v in vars(errors).items() if k.isupper() and isinstance(v, str) and v.startswith("saml-")}

    assert codes == set(errors._WORDS)
    for message, advice in errors._WORDS.values():
        assert message.endswith(".")
        assert advice.endswith(".")
        assert not {"XML", "base64", "signature", "Issuer"} & set(message.replace(".", "").split())


@pytest.mark.parametrize("code", errors._WORDS)
def test_the_cause_is_not_among_the_words_for_people(code):
    refused = MessageRefused(code, "the true cause")

    assert "true cause" not in refused.message + refused.advice
    assert refused.cause == "the true cause"
