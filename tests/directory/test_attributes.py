"""Further attributes of accounts: bounded, plain, recorded, and part of what may be released."""

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import accounts, attributes, groups
from idp.oidc.claims import RESERVED
from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR


@pytest.fixture
def ann(an_organization, an_account):
    an_organization()
    return an_account()


def of(work, account):
    return attributes.attributes_of(work, account.organization_id, account.id)


@pytest.mark.both_databases
def test_further_attributes_are_attributes(work, ann, a_group):
    a_group()
    groups.add(work, "Staff", ann.id, organization="acme")
    accounts.set_attributes(work, ann.id, {"department": ["IT", "Research", "IT"], "employeeNumber": ["007"]})

    assert of(work, ann) == {
        "email": ("ann@acme.example",),
        "name": ("Ann Example",),
        "groups": ("Staff",),
        "department": ("IT", "Research"),
        "employeeNumber": ("007",),
    }


@pytest.mark.both_databases
def test_the_former_release_makes_accounts_without_knowing_of_them(work, ann):
    work.tx.connection.exec_driver_sql(
        "INSERT INTO accounts (organization_id, id, email, email_key, name, given_name, family_name, epoch, created_at,"
        " version) SELECT organization_id, 'acc_old', 'old@acme.example', 'old@acme.example', name, '', '', 0,"
        " created_at, 1 FROM accounts"
    )

    assert attributes.attributes_of(work, ann.organization_id, "acc_old")["email"] == ("old@acme.example",)


def test_only_what_is_named_changes_and_no_value_removes(work, ann):
    accounts.set_attributes(work, ann.id, {"a": ["1"], "b": ["2"], "c": ["3"]})
    accounts.set_attributes(work, ann.id, {"a": ["9"], "b": []})
    accounts.set_attributes(work, ann.id, {"a": ["9"], "gone": []})

    assert ann.attributes == {"a": ["9"], "c": ["3"]}
    entries = [e for e in work.tx.session.query(AuditEntry) if e.tag == "account.attributes-changed"]
    assert [
        (e.details["before"], e.details["after"]) for e in sorted(entries, key=lambda e: -len(e.details["before"]))
    ] == [
        ({"a": "", "b": "", "c": ""}, {"a": "1", "b": "2", "c": "3"}),
        ({"a": "1", "b": "2"}, {"a": "9", "b": ""}),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"email": ["mallory@elsewhere.example"]},
        {"groups": ["Admins"]},
        {"name": []},
        {"a b": ["x"]},
        {"": ["x"]},
        {"x" * 65: ["x"]},
        {"a": [""]},
        {"a": [" "]},
        {"a": ["x" * 1025]},
        {"a": ["x\x00"]},
        {"a": ["x\n"]},
        {"a": ["x\ufffe"]},
        {"a": ["x\ud800"]},
        {"a": ["x"] * 51},
        {f"a{n}": ["x"] for n in range(51)},
        {f"a{n}": ["x" * 1000] for n in range(17)},
    ],
    ids=range(16),
)
def test_x22_what_cannot_be_an_attribute_is_refused(work, ann, changes):
    """X22: what a format cannot carry is refused when it is set, and so is what would be a name of every account."""
    with pytest.raises(Invalid) as refused:
        accounts.set_attributes(work, ann.id, changes)
    assert refused.value.field == "attributes"
    assert ann.attributes == {}


@pytest.mark.parametrize("name", sorted(RESERVED | {"email_verified"}))
def test_o26_no_attribute_is_called_like_a_claim_of_the_protocol(work, ann, name):
    """O26: reserved names are refused when they are set."""
    with pytest.raises(Invalid):
        accounts.set_attributes(work, ann.id, {name: ["x"]})


def test_a_change_is_made_for_a_version(work, ann):
    version = ann.version
    accounts.set_attributes(work, ann.id, {"a": ["1"]}, if_version=version)
    with pytest.raises(Conflict):
        accounts.set_attributes(work, ann.id, {"a": ["2"]}, if_version=version)


def test_who_may(work, ann, stranger, as_account):
    with pytest.raises(NotFound):
        accounts.set_attributes(stranger(work), ann.id, {"a": ["1"]})
    for role in (AUDITOR, None):
        with pytest.raises((Forbidden, NotFound)):
            accounts.set_attributes(as_account(work, ann, *filter(None, [role])), ann.id, {"a": ["1"]})
    accounts.set_attributes(as_account(work, ann, ORGANIZATION_ADMINISTRATOR), ann.id, {"a": ["1"]})


def test_another_organizations_account_is_not_read_with_our_id(work, ann, an_organization):
    rival = an_organization("rival", "Rival")
    accounts.set_attributes(work, ann.id, {"a": ["1"]})

    assert attributes.attributes_of(work, rival.id, ann.id) == {}
