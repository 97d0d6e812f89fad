"""What peers are told: total, plain, and nothing else."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

import idp.oidc
from idp.oidc import errors
from idp.oidc.errors import OAuthError
from idp.settings import ThrottlingSettings
from idp.signon.request import Refusal
from tests.oidc.support import answered

DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 5.2
HERE = Path(idp.oidc.__file__).parent


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_a_word(refusal):
    error = errors.for_refusal(refusal)

    assert isinstance(error, OAuthError)
    assert DESCRIPTION.fullmatch(error.description)
    assert refusal.value in error.cause


def test_every_error_has_a_code_of_its_own():
    families = OAuthError.__subclasses__()
    codes = [family.error for family in families]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)
    assert all(family.__doc__ for family in families)


def descriptions():
    names = {family.__name__ for family in OAuthError.__subclasses__()}
    for file in sorted(HERE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names and call.args:
                yield file.name, call.lineno, call.args[0]


def test_every_description_may_stand_in_a_response():
    """RFC 6749 section 5.2 allows no quotation mark, no backslash and nothing beyond ASCII."""
    found = list(descriptions())

    assert len(found) > 30
    for file, line, argument in found:
        texts = [part.value for part in ast.walk(argument) if isinstance(part, ast.Constant)]
        assert all(DESCRIPTION.fullmatch(text) for text in texts), (file, line, texts)


def test_what_a_peer_reads_never_comes_from_somewhere_else():
    """Only constants of ours, the name of a parameter of ours, and sentences of our own ValueErrors."""
    allowed = {"_NOT_GOOD", "_REPLAYED", "str(error)"}
    for file, line, argument in descriptions():
        if isinstance(argument, ast.Constant):
            continue
        if isinstance(argument, ast.JoinedStr):
            names = [ast.unparse(part.value) for part in argument.values if isinstance(part, ast.FormattedValue)]
            assert names == ["name"], (file, line)
            continue
        if isinstance(argument, ast.Call) and ast.unparse(argument.func) == "phrase":
            assert [ast.unparse(one) for one in argument.keywords] == ["name=name"], (file, line)
            assert [type(one) for one in argument.args] == [ast.Constant], (file, line)
            continue
        assert ast.unparse(argument) in allowed, (file, line, ast.unparse(argument))


def test_i10_a_network_begins_so_many_sign_ons_a_minute(place, client):
    few = place.app.extensions["ostiary"]
    place.app.extensions["ostiary"] = replace(
        few, settings=few.settings.model_copy(update={"throttling": ThrottlingSettings(sign_ons_per_minute=2)})
    )
    asked = [place.authorize(place.app.test_client(), client) for _ in range(4)]

    assert [answer.status_code for answer in asked] == [303, 303, 429, 429]
    assert "code" in answered(place.authorize(place.browser(), client)), "who has a session is not counted"
    place.later(minutes=1)
    assert place.authorize(place.app.test_client(), client).status_code == 303
