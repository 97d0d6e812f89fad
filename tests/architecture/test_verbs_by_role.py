"""The matrix of verbs and roles, kept as docs/reference/verbs.md: a check that goes missing is seen there."""

import pytest

from idp.policy.permissions import (
    APPLICATION_ADMINISTRATOR,
    AUDITOR,
    HELP_DESK,
    ORGANIZATION_ADMINISTRATOR,
    ROLES,
    Permission,
)
from tests.architecture.source import HERE
from tests.support.verbs import may, page, requirements

REQUIRED = requirements()
WRITES = (":create", ":edit", ":delete", ":disable", ":credentials", ":recover", ":members", ":grant", ":rotate")


def test_t10_the_matrix_of_verbs_and_roles_is_the_one_that_was_reviewed():
    kept = (HERE / "docs" / "reference" / "verbs.md").read_text(encoding="utf-8")

    assert kept.endswith("\n".join(page()) + "\n"), "a verb requires something else now; look at it, then: make docs"


def test_t10_it_knows_the_verbs_and_what_they_require():
    assert len(REQUIRED) > 120
    assert {str(one) for one in REQUIRED["idp.directory.accounts.disable"]} == {"over `account:disable`"}
    assert {str(one) for one in REQUIRED["idp.directory.groups.add"]} == {"into `group:members`"}
    assert "over `account:credentials` or `account:recover`" in {
        str(one) for one in REQUIRED["idp.signon.devices.forget"]
    }


def test_t10_an_auditor_may_call_nothing_that_writes():
    writing = {
        name
        for name, required in REQUIRED.items()
        if any(permission.value.endswith(WRITES) for one in required for permission in one.permissions)
    }

    assert len(writing) > 80
    assert [name for name in writing if may(AUDITOR, REQUIRED[name])] == []


def test_t10_a_help_desk_resets_second_steps_and_sessions_and_does_nothing_else():
    allowed = {name for name, required in REQUIRED.items() if may(HELP_DESK, required)}

    assert {name.removeprefix("idp.signon.") for name in allowed} == {
        "account_factors.remove", "devices.forget", "devices.forget_all",
        "factors.passkey.remove", "factors.temporary_pass.revoke", "factors.totp.remove",
        "own_account.remove_authenticator", "own_devices.forget", "own_devices.forget_all", "own_passkeys.remove",
        "resetting.remove_factors", "resetting.reset_factors", "resetting.unlock",
        "signing_out_others.end_sessions",
    }  # fmt: skip
    held = {
        permission for name in allowed for one in REQUIRED[name] for permission in one.permissions & ROLES[HELP_DESK]
    }
    assert {one.value for one in held if not one.value.endswith(":read")} == {"account:recover"}


@pytest.mark.parametrize("verb", sorted(REQUIRED))
def test_t5_what_touches_an_account_is_required_over_that_account(verb):
    about = (
        Permission.ACCOUNT_EDIT, Permission.ACCOUNT_DISABLE, Permission.ACCOUNT_DELETE,
        Permission.ACCOUNT_CREDENTIALS, Permission.ACCOUNT_RECOVER,
    )  # fmt: skip
    for one in REQUIRED[verb]:
        if one.permissions & set(about):
            assert one.how == "over"


def test_an_organization_administrator_may_call_all_but_what_makes_and_stops_organizations():
    refused = [name for name, required in REQUIRED.items() if not may(ORGANIZATION_ADMINISTRATOR, required)]

    assert sorted(refused) == [f"idp.directory.organizations.{one}" for one in ("create", "resume", "suspend")]
    assert not may(APPLICATION_ADMINISTRATOR, REQUIRED["idp.directory.keys.rotate"])
