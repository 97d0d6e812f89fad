"""Managed accounts: who is affected is said before, everyone is told, and only the organization's own accounts are touched."""

from datetime import datetime

import pytest

from idp.audit.models import AuditEntry
from idp.base import jobs
from idp.base.errors import Conflict, Invalid
from idp.directory import accounts, domain_reads, domains, managed, organizations
from idp.directory.domain_models import Domain
from idp.directory.models import Account
from idp.policy.domains import State
from idp.policy.permissions import OPERATOR
from idp.signon import email_change, managed_notices, notices

NAME = "acme.example"


@pytest.fixture
def acme(work):
    """Acme has proven acme.example; Globex has accounts on it, too."""
    made = organizations.create(work, "acme", name="Acme")
    organizations.create(work, "globex", name="Globex")
    prove(work, "acme")
    for email in ("ann@acme.example", "ben@acme.example", "cleo@other.example"):
        accounts.create(work, email, organization="acme", name=email[:3].title())
    accounts.create(work, "ann@acme.example", organization="globex", name="Ann at Globex")
    return made


def prove(work, organization, name=NAME) -> Domain:
    added = domains.add(work, organization, name)
    added.state, added.held_name = State.VERIFIED, name
    work.tx.session.flush()
    return added


def managed_ones(work):
    found = work.tx.session.query(Account).filter(Account.managed_at.is_not(None))
    return sorted((one.email, one.organization_id) for one in found)


def tell(database, now: datetime):
    return jobs.run_due(database, {managed.TELL: managed_notices.run}, now, OPERATOR)


def test_a_preview_says_whom_a_claim_affects_and_changes_nothing(work, acme):
    accounts.disable(work, "ben@acme.example")

    found = managed.preview(work, "acme", NAME)

    assert (found.count, found.disabled, found.already, found.elsewhere) == (2, 1, 0, 1)
    assert [(one.email, one.disabled) for one in found.affected] == [
        ("ann@acme.example", False),
        ("ben@acme.example", True),
    ]
    assert managed_ones(work) == []


@pytest.mark.both_databases
def test_a_claim_does_what_its_preview_said(work, acme):
    assert managed.claim(work, "acme", NAME) == 2

    assert managed_ones(work) == [("ann@acme.example", acme.id), ("ben@acme.example", acme.id)]
    assert managed.claim(work, "acme", NAME) == 0
    assert managed.preview(work, "acme", NAME).already == 2
    entry = work.tx.session.query(AuditEntry).filter_by(tag="domain.claimed").one()
    assert entry.details == {"name": NAME, "count": 2, "which": "all"}


def test_t1_accounts_of_other_organizations_are_not_touched(work, acme):
    managed.claim(work, "acme", NAME, ("ann@acme.example",))
    assert managed_ones(work) == [("ann@acme.example", acme.id)]
    managed.unclaim(work, "acme", NAME)
    assert managed_ones(work) == []


def test_a_list_names_some_and_says_what_it_does_not_know(work, acme):
    listed = ("ANN@acme.example", "nobody@acme.example", "cleo@other.example")

    found = managed.preview(work, "acme", NAME, listed)

    assert [one.email for one in found.affected] == ["ann@acme.example"]
    assert (found.unknown, found.other_domain) == (("nobody@acme.example",), ("cleo@other.example",))
    assert managed.claim(work, "acme", NAME, listed) == 1
    assert [email for email, _ in managed_ones(work)] == ["ann@acme.example"]


def test_only_a_proven_domain_claims(work, acme):
    domains.add(work, "acme", "second.example")
    for act in (managed.preview, managed.claim):
        with pytest.raises(Conflict) as refused:
            act(work, "acme", "second.example")
        assert refused.value.code == "domain-not-proven"
    with pytest.raises(Conflict):
        domains.set_claiming(work, "acme", "second.example", "automatic")


def test_new_accounts_are_claimed_by_themselves_where_that_was_chosen(work, acme):
    accounts.create(work, "dora@acme.example", organization="acme", name="Dora")
    domains.set_claiming(work, "acme", NAME, "automatic")
    accounts.create(work, "emil@acme.example", organization="acme", name="Emil")
    accounts.create(work, "emil@eng.acme.example", organization="acme", name="Emil of engineering")
    accounts.create(work, "emil@acme.example", organization="globex", name="Emil of Globex")
    assert managed_ones(work) == [("emil@acme.example", acme.id)]


def test_everyone_is_told_once_and_has_an_entry(open_work, database, noon):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        prove(work, "acme")
        for number in range(managed._AT_ONCE + 5):
            accounts.create(work, f"p{number:03}@acme.example", organization="acme", name="Somebody")
        accounts.disable(work, "p000@acme.example")
        managed.claim(work, "acme", NAME)

    assert tell(database, noon).finished == 2

    with open_work() as work:
        told = work.tx.session.query(notices.Notice).filter_by(kind=notices.ACCOUNT_MANAGED).count()
        entries = work.tx.session.query(AuditEntry).filter_by(tag="account.claimed").count()
    assert (told, entries) == (managed._AT_ONCE + 4, managed._AT_ONCE + 5)  # whoever is disabled is not written to


def test_who_was_given_back_before_they_were_told_is_not_told_the_former(open_work, database, noon):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        prove(work, "acme")
        accounts.create(work, "ann@acme.example", organization="acme", name="Ann")
        managed.claim(work, "acme", NAME)
        managed.unclaim(work, "acme", NAME)
    tell(database, noon)
    with open_work() as work:
        assert [one.kind for one in work.tx.session.query(notices.Notice)] == [notices.ACCOUNT_UNMANAGED]


def test_an_address_that_leaves_the_domain_leaves_the_claim(work, acme):
    managed.claim(work, "acme", NAME)
    email_change.administer(work, "ann@acme.example", "ann@other.example", organization_id=acme.id)
    assert managed_ones(work) == [("ben@acme.example", acme.id)]
    domains.set_claiming(work, "acme", NAME, "automatic")
    email_change.administer(work, "cleo@other.example", "cleo@acme.example", organization_id=acme.id)
    assert [email for email, _ in managed_ones(work)] == ["ben@acme.example", "cleo@acme.example"]


def test_an_address_that_changes_on_the_domain_stays_claimed(work, acme):
    managed.claim(work, "acme", NAME)
    email_change.administer(work, "ann@acme.example", "ann.archer@acme.example", organization_id=acme.id)
    assert [email for email, _ in managed_ones(work)] == ["ann.archer@acme.example", "ben@acme.example"]


def test_who_is_claimed_may_be_given_back_in_part(work, acme):
    managed.claim(work, "acme", NAME)
    assert managed.preview_unclaim(work, "acme", NAME, ("ann@acme.example",)).count == 1
    assert managed.unclaim(work, "acme", NAME, ("ann@acme.example",)) == 1
    assert [email for email, _ in managed_ones(work)] == ["ben@acme.example"]


def test_a_frozen_domain_still_gives_back(work, acme):
    managed.claim(work, "acme", NAME)
    held = domain_reads.domain(work, "acme", NAME)
    held.state, held.missing_since = State.FROZEN, work.now
    assert managed.unclaim(work, "acme", NAME) == 2


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"email\nann@acme.example\nben@acme.example\n", ("ann@acme.example", "ben@acme.example")),
        (b'\xef\xbb\xbf"Ann@Acme.Example",Ann\r\n\r\nann@acme.example', ("ann@acme.example",)),
        (b"ann@acme.example;Ann;x", ("ann@acme.example",)),
    ],
)
def test_a_file_of_addresses_is_read(content, read):
    assert managed.read_addresses(content) == read


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"email\n",
        b"ann@acme.example\nnobody\n",
        b"\xff\xfe",
        b"x" * (managed.MOST_BYTES + 1),
        "\n".join(f"p{number}@acme.example" for number in range(managed.MOST_ADDRESSES + 1)).encode(),
    ],
)
def test_a_file_that_is_none_is_refused(content):
    with pytest.raises(Invalid):
        managed.read_addresses(content)
