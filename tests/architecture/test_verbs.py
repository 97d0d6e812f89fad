"""Verbs: take work, require a permission, record what they did, say in plain words what that is."""

import ast

import pytest

from tests.architecture.source import PACKAGE, called, functions

# What administers nouns. `accounts.bump_epoch` is a part of verbs that record for it.
DIRECTORY = ("organizations", "sites", "accounts", "groups", "applications", "policies", "roles", "role_assignments")
FILES = [
    *(
        f"directory/{file}"
        for file in (*DIRECTORY, "authentication_policies", "authentication_policy_changes", "policy_members")
    ),
    *(f"directory/{file}" for file in ("launcher_layouts", "bookmarks", "tiles", "pictures")),
    "oidc/apis",
    "oidc/api_scopes",
]
DONE_BY = {"record", "_set_release", "edit", "move", "_moved"}
"""What records: the one writer, or a verb that does the same for several callers."""
REQUIRES = {"require", "require_on", "require_over", "require_into", "edit", "to_edit", "_check_may_grant"}
"""What requires a permission: somewhere, where an object is, over an account, for the members of a group."""
VERBS = [
    pytest.param(verb, id=f"{file.rpartition('/')[2]}.{verb.name}")
    for file in FILES
    for verb in functions(PACKAGE / f"{file}.py")
    if {"add", "record", "require"} & called(verb) or verb.name.startswith(("create", "set_", "delete", "edit"))
]


def test_there_are_verbs():
    assert len(VERBS) > 12


@pytest.mark.parametrize("verb", VERBS)
def test_takes_work_requires_and_records(verb):
    calls = called(verb)

    assert verb.args.args[0].arg == "work"
    assert REQUIRES & calls
    assert DONE_BY & calls
    assert ast.get_docstring(verb)


@pytest.mark.parametrize("verb", VERBS)
def test_says_who_is_refused(verb):
    assert "Forbidden:" in (ast.get_docstring(verb) or "")


@pytest.mark.parametrize("verb", VERBS)
def test_never_commits(verb):
    assert "commit" not in called(verb)
