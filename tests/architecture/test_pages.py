"""Pages: nothing inline that the Content-Security-Policy would refuse; every route says who may knock."""

import re

import pytest

from tests.architecture.source import HERE, TEMPLATES

FOLDERS = (TEMPLATES, HERE / "idp" / "samples" / "templates")
FILES = [pytest.param(f, id=str(f.relative_to(HERE))) for folder in FOLDERS for f in sorted(folder.rglob("*.html"))]

INLINE = {
    "a script with a body": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an event handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "a foreign asset": re.compile(r"(src|href)=[\"']?(https?:)?//", re.I),
    "an escape that is switched off": re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\(", re.I),
}


def test_there_are_pages():
    assert len(FILES) > 20


@pytest.mark.parametrize("what", INLINE, ids=str)
@pytest.mark.parametrize("file", FILES)
def test_i4_no_template_has(file, what):
    assert INLINE[what].search(file.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("file", FILES)
def test_every_form_that_posts_carries_a_token(file):
    """Forms of ours post to ourselves and carry the token; those of samples and to peers have checks of their own."""
    text = file.read_text(encoding="utf-8")
    if HERE / "idp" / "samples" in file.parents or file.parent.name in ("saml", "oidc"):
        return
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.I | re.S):
        assert "csrf()" in form or "csrf_token()" in form


def test_every_route_states_its_guard(app):
    bare = [name for name, view in app.view_functions.items() if name != "static" and not hasattr(view, "guard")]

    assert bare == []


def test_no_route_answers_to_two_guards(app):
    assert {view.guard for name, view in app.view_functions.items() if name != "static"} <= {
        "public",
        "signed_in",
        "administrator",
        "protocol",
    }


def test_form_routes_are_not_open_to_get(app):
    """T10: what changes something is a POST; a protocol's own endpoints answer to the protocol's checks."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "guard", "") in ("public", "signed_in", "administrator") and "POST" in rule.methods:
            assert "GET" not in rule.methods, rule
