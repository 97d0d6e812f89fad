"""Rules of release as they are kept: by level, with a version, and a readable difference in the audit log."""

from dataclasses import replace

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import policies
from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR
from idp.policy.release import Level
from idp.policy.rules import Rule

MAIL = Rule(name="mail", source="attribute", value="email")
ROLE = Rule(name="role", source="attribute", value="groups", only=("aws-*",), rename={"aws-admin": "Admin"})


@pytest.fixture
def wiki(an_organization, a_site, an_application):
    an_organization()
    return an_application(a_site())


def levels(work, application):
    return policies.release_levels(work, application.organization_id, application.site_id, application.id)


def audited(work) -> list[AuditEntry]:
    return [e for e in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if e.tag == "release-rules.changed"]


@pytest.mark.both_databases
def test_every_level_has_rules_of_its_own_and_they_come_in_order(work, wiki):
    policies.set_application_rules(work, wiki.id, [ROLE, MAIL])
    policies.set_site_rules(work, "acme", [MAIL])
    policies.set_organization_rules(work, "acme", [MAIL])

    assert levels(work, wiki) == (
        Level("organization", ["email", "name", "groups"], (MAIL,)),
        Level("site", None, (MAIL,)),
        Level("application", None, (ROLE, MAIL)),
    )


@pytest.mark.both_databases
def test_a_level_with_rules_alone_withholds_nothing(open_work, wiki, work):
    """None is stored as JSON null: the former release reads it as "no policy" as well."""
    policies.set_application_rules(work, wiki.id, [MAIL])
    work.tx.commit()

    with open_work() as other:
        found = policies.release_policy(other, wiki.organization_id, "application", wiki.id)
        assert (found.attributes, found.version) == (None, 1)
        assert levels(other, wiki)[1] == Level("application", None, (MAIL,))


def test_rules_and_attributes_of_a_level_do_not_touch_each_other(work, wiki):
    policies.set_organization_release(work, "acme", ["name", "department"])
    policies.set_application_rules(work, wiki.id, [MAIL])
    policies.set_application_release(work, wiki.id, ["name", "department"])
    policies.set_application_rules(work, wiki.id, [ROLE])

    assert levels(work, wiki)[1] == Level("application", ["name", "department"], (ROLE,))


def test_a_site_narrows_what_its_applications_receive(work, wiki):
    policies.set_site_release(work, "acme", ["email"])

    assert levels(work, wiki)[1] == Level("site", ["email"], ())


def test_a_change_is_made_for_a_version(work, wiki):
    made = policies.set_application_rules(work, wiki.id, [MAIL], if_version=0)
    assert made.version == 1
    with pytest.raises(Conflict):
        policies.set_application_rules(work, wiki.id, [ROLE], if_version=0)
    assert policies.set_application_rules(work, wiki.id, [ROLE], if_version=1).version == 2
    with pytest.raises(Conflict):
        policies.set_application_rules(work, wiki.id, [], if_version=1)
    assert levels(work, wiki)[1].rules == (ROLE,)


def test_the_audit_log_says_which_rule(work, wiki):
    policies.set_application_rules(work, wiki.id, [MAIL, ROLE])
    policies.set_application_rules(work, wiki.id, [replace(MAIL, value="name")])
    policies.set_application_rules(work, wiki.id, [replace(MAIL, value="name")])

    first, second = audited(work)
    assert first.details == {
        "level": "application",
        "name": "Wiki",
        "changes": [
            "added “mail” (the attribute email [basic])",
            "added “role” (the attribute groups, only aws-*, renamed aws-admin as Admin [basic])",
        ],
    }
    assert second.details["changes"] == [
        "removed “role” (the attribute groups, only aws-*, renamed aws-admin as Admin [basic])",
        "changed “mail” (value: email → name)",
    ]
    assert first.target_id == wiki.id


def test_what_one_level_cannot_have_together_is_refused(work, wiki):
    with pytest.raises(Invalid, match="two rules for “mail”"):
        policies.set_application_rules(work, wiki.id, [MAIL, MAIL])
    with pytest.raises(Invalid, match="No attribute"):
        policies.set_application_release(work, wiki.id, ["sub"])
    with pytest.raises(Invalid):
        policies.set_organization_release(work, "acme", ["e mail"])


def test_a_further_attribute_is_released_by_the_organization_first(work, wiki):
    """A name that nobody knows is a typing mistake, and must not look as if it had been taken."""
    with pytest.raises(Invalid, match="no attribute “department”"):
        policies.set_application_release(work, wiki.id, ["department"])
    policies.set_organization_release(work, "acme", ["email", "department"])
    policies.set_application_release(work, wiki.id, ["department"])
    policies.set_site_release(work, "acme", ["department", "family_name"])


SETTERS = [
    lambda work, wiki: policies.set_application_rules(work, wiki.id, [MAIL]),
    lambda work, wiki: policies.set_site_rules(work, "acme", [MAIL]),
    lambda work, wiki: policies.set_organization_rules(work, "acme", [MAIL]),
    lambda work, wiki: policies.set_site_release(work, "acme", ["email"]),
]


@pytest.mark.parametrize("set_", SETTERS)
def test_strangers_see_nothing_and_auditors_change_nothing(work, wiki, stranger, as_account, an_account, set_):
    person = an_account()
    with pytest.raises(NotFound):
        set_(stranger(work), wiki)
    with pytest.raises(Forbidden):
        set_(as_account(work, person, AUDITOR), wiki)
    set_(as_account(work, person, ORGANIZATION_ADMINISTRATOR), wiki)
