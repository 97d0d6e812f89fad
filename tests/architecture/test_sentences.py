"""What an administrator reads of findings and causes can be said in another language: it is a text, or a phrase."""

import ast

import pytest

from tests.support import catalogues

_ROOMS = ("audit", "base", "directory", "keyring", "oidc", "policy", "provisioning", "saml", "signon", "web")
_FILES = [file for room in _ROOMS for file in sorted((catalogues.ROOT / "idp" / room).rglob("*.py"))]


def _put_together(node: ast.expr) -> bool:
    """Say whether a sentence is made where no language is known: by an f-string, ``+``, ``%`` or ``format``."""
    if isinstance(node, ast.IfExp):
        return _put_together(node.body) or _put_together(node.orelse)
    if isinstance(node, ast.BoolOp):
        return any(_put_together(one) for one in node.values)
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") == "format" and not isinstance(node.func, ast.Name)
    return (isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values)) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod)
    )


def test_findings_and_causes_are_not_put_together_where_no_language_is_known():
    wrong = [
        f"{file.relative_to(catalogues.ROOT)}:{place.lineno}: {ast.unparse(place)[:100]}"
        for file in _FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for place in catalogues.sentences_of(node)
        if _put_together(place) and _says_something(place)
    ]

    assert wrong == [], "use phrase(…), joined(…) or counted(…)"


def _says_something(node: ast.expr) -> bool:
    """An address or a name alone has no words."""
    words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(" " in word.strip() for word in words)


@pytest.mark.parametrize(
    ("source", "is_wrong"),
    [
        ('KIND.found(f"it has {n} keys")', True),
        ('KIND.found("it has keys" + more)', True),
        ('InvalidClient(cause=f"no client {name} here" if name else "none")', True),
        ('KIND.found(phrase("it has %(n)s keys", n=n))', False),
        ('trail.failed("step", "code", "it is over")', False),
    ],
)
def test_the_test_sees_the_difference(source, is_wrong):
    call = ast.parse(source, mode="eval").body

    assert any(_put_together(place) for place in catalogues.sentences_of(call)) is is_wrong
