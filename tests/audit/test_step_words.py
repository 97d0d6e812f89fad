"""Steps of attempts as sentences."""

import pytest

from idp.audit.step_words import sentence
from idp.base.texts import said


@pytest.mark.parametrize(
    ("kind", "step", "words"),
    [
        (
            "saml.sign-on",
            {"step": "message", "state": "passed"},
            "The application's request arrived and could be read.",
        ),
        (
            "oidc.authorize",
            {"step": "redirect-uri", "state": "failed"},
            "should go to an address that is not registered",
        ),
        ("oidc.token", {"step": "session", "state": "passed"}, "The person is signed in."),
        ("saml.sign-on", {"step": "unheard-of", "state": "passed"}, "The step “unheard-of” went well."),
        ("saml.sign-on", {"step": "100%", "state": "failed"}, "The step “100%” failed."),
        ("", {}, "The step “” went well."),
    ],
)
def test_a_step_is_a_sentence(kind, step, words):
    assert words in said(sentence(kind, step), str)
