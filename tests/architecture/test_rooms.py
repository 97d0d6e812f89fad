"""What the rooms may say and make."""

import ast
import re

import pytest

from tests.architecture.source import HERE, PACKAGE, called, modules, tree

PROTOCOL_WORDS = re.compile(r"\b(saml|oidc|acs|redirect_uri|scope|nonce|id_token|assertion)\b", re.I)


@pytest.mark.parametrize("file", list(modules("signon")), ids=lambda f: f.name)
def test_signing_on_says_no_word_of_a_protocol(file):
    found = [
        f"{number}: {line.strip()}"
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if PROTOCOL_WORDS.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("proof", ["ReplyTo", "Requester"])
def test_a_proof_is_made_in_one_function(proof):
    """X15, O4: an answer can be sent only to an address that the checking function has proven."""
    makers = {
        f"{file.relative_to(PACKAGE)}:{function.name}"
        for file in modules()
        for function in ast.walk(tree(file))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == proof
    }

    assert len(makers) == 1, makers


def test_i13_no_security_decision_rests_on_assert():
    """Under -O asserts are gone: they may narrow a type (``is not None``, ``isinstance``), never check or do anything."""
    for file in modules():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Name):
                assert node.id != "__debug__", f"{file}:{node.lineno}"
            if isinstance(node, ast.Assert):
                assert called(node.test) <= {"isinstance"}, f"{file}:{node.lineno}"
                narrow = isinstance(node.test, ast.Call) or (
                    isinstance(node.test, ast.Compare) and [type(one) for one in node.test.ops] == [ast.IsNot]
                )
                assert narrow, f"{file}:{node.lineno}"


def test_only_the_clock_asks_the_machine():
    asks = re.compile(r"datetime\.(now|utcnow)\(|time\.time\(")
    allowed = {PACKAGE / "base" / "clock.py", PACKAGE / "samples" / "saml.py"}

    assert [str(f) for f in modules() if f not in allowed and asks.search(f.read_text(encoding="utf-8"))] == []


def test_i15_no_program_is_run_below_the_command_line():
    runs = re.compile(r"\bsubprocess\b|os\.system|os\.popen|pty\.spawn")

    assert [
        str(f.relative_to(HERE)) for f in modules() if f.parent.name != "cli" and runs.search(f.read_text("utf-8"))
    ] == []


def test_randomness_comes_from_the_secrets_module():
    weak = re.compile(r"^\s*(import random|from random)\b|uuid1|uuid4", re.M)

    assert [str(f) for f in modules() if weak.search(f.read_text(encoding="utf-8"))] == []


def test_no_migration_imports_a_model():
    for file in modules("migrations/versions"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert node.module in ("alembic", "idp.base.tables"), file


def test_every_module_says_what_it_is():
    bare = [str(f.relative_to(HERE)) for f in modules() if not ast.get_docstring(tree(f))]

    assert bare == []


def test_the_layout_is_the_house():
    """decisions.md 2: a new room at the top of the package is a decision."""
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"} - {"templates"}

    assert rooms <= {
        "base", "audit", "keyring", "policy", "directory", "signon", "saml", "oidc", "provisioning",
        "web", "api", "cli", "samples", "migrations",
    }  # fmt: skip
