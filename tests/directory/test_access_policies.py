"""Access policies: versions, what counts, names and ids, who may, and what of another organization is not there."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from idp.audit.models import AuditEntry
from idp.base.db import Database
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound
from idp.base.work import Place
from idp.directory import access_assignments, access_names, access_policies, applications, queries, zones
from idp.directory.zones import Contents
from idp.policy.access import documents
from idp.policy.access.context import Context, RequestKind
from idp.policy.access.evaluate import evaluate
from idp.policy.access.outcome import Allowed, Denied
from idp.policy.access.rules import Rules
from idp.policy.permissions import AUDITOR

OFFICE = Contents(networks=("192.0.2.0/24",))


@pytest.fixture
def acme(work, an_organization, a_site, an_account, a_group, an_application):
    """Acme with Ann, Staff, the wiki and the zone Office; and Other with people and things of the same names."""
    for slug in ("acme", "other"):
        an_organization(slug, slug.title())
        site = a_site(slug, slug)
        an_account(f"ann@{slug}.example", slug)
        a_group("Staff", slug)
        an_application(site)
        zones.create(work, slug, "Office", OFFICE)
    work.tx.session.flush()
    return queries.organization(work, "acme")


def rules(*guards, **values) -> Rules:
    return documents.rules_from_json({"guards": list(guards), **values})


def guard(name="No", **conditions):
    return {"name": name, "conditions": conditions}


def write(work, wanted, policy="Sessions", **how):
    return access_policies.write(work, "acme", policy, wanted, **how)


def audited(work, tag):
    return [entry.details for entry in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if entry.tag == tag]


def session(work, acme):
    return access_policies.standing(work, acme.id).session


def test_a_new_organization_lets_everybody_pass(work, acme):
    assert access_policies.standing(work, acme.id).trivial


@pytest.mark.both_databases
def test_what_is_written_counts_and_is_kept_by_id(work, acme):
    everything = rules(
        guard(
            people={"accounts": ["ANN@acme.example"], "groups": ["staff"]},
            targets={"applications": ["Wiki"], "sites": ["acme"]},
            networks={"except_zones": ["Office"]},
        )
    )

    written = write(work, everything)

    kept = session(work, acme).rules.guards[0]
    ids = [*documents.named(Rules((kept,))).values()]
    assert [next(iter(one))[:4] for one in ids] == ["acc_", "grp_", "app_", "sit_", "zon_"]
    assert (written.policy.current, written.former, kept.id[:4]) == (2, 1, "rul_")
    assert access_names.spelled(work, acme.id, Rules((kept,))).guards[0] == replace(
        everything.guards[0],
        id=kept.id,
        conditions=replace(
            everything.guards[0].conditions,
            people=replace(
                everything.guards[0].conditions.people,
                accounts=frozenset({"ann@acme.example"}),
                groups=frozenset({"Staff"}),
            ),
        ),
    )


def test_a_rule_follows_what_it_names_to_a_new_name(work, acme):
    write(work, rules(guard(networks={"zones": ["Office"]})))
    zones.change(work, "acme", "Office", name="Headquarters")

    spelled = access_names.spelled(work, acme.id, session(work, acme).rules)

    assert spelled.guards[0].conditions.networks.zones == {"Headquarters"}


REFERENCES = [
    ({"people": {"accounts": ["nobody@acme.example"]}}, "guards[0].conditions.people.accounts"),
    ({"people": {"except_accounts": ["acc_nobody"]}}, "guards[0].conditions.people.except_accounts"),
    ({"people": {"groups": ["Nobody"]}}, "guards[0].conditions.people.groups"),
    ({"targets": {"applications": ["None"]}}, "guards[0].conditions.targets.applications"),
    ({"targets": {"sites": ["none"]}}, "guards[0].conditions.targets.sites"),
    ({"networks": {"zones": ["Nowhere"]}}, "guards[0].conditions.networks.zones"),
    ({"networks": {"except_zones": ["Nowhere"]}}, "guards[0].conditions.networks.except_zones"),
]


@pytest.mark.parametrize(("conditions", "path"), REFERENCES)
def test_what_is_not_there_is_refused_with_its_place(work, acme, conditions, path):
    with pytest.raises(Invalid) as refused:
        write(work, rules(guard(**conditions)))

    assert refused.value.field == path


@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize(
    ("part", "lists", "kind", "called"),
    [
        ("people", "accounts", "account", "ann@other.example"),
        ("targets", "sites", "site", "other"),
        ("people", "groups", "group", None),
        ("targets", "applications", "application", None),
        ("networks", "zones", "zone", None),
    ],
)
def test_t1_what_belongs_to_another_organization_is_not_there(work, acme, part, lists, kind, called, by):
    other = queries.organization(work, "other")
    own = {"group": "Staff", "application": "Wiki", "zone": "Office"}
    theirs = access_names._looked_up(work, other.id, kind, [called or own[kind]])
    (id_,) = theirs.names
    reference = id_ if by == "id" or called is None else called

    with pytest.raises(Invalid, match=f"there is no {kind}"):
        write(work, rules(guard(**{part: {lists: [reference]}})))


def test_a_name_of_several_is_refused_and_the_id_is_taken(work, acme, an_application):
    site = queries.site(work, "acme")
    twin = an_application(site)
    work.tx.session.flush()

    with pytest.raises(Invalid, match="several things are called “Wiki”"):
        write(work, rules(guard(targets={"applications": ["Wiki"]})))
    write(work, rules(guard(targets={"applications": [twin.id]})))
    spelled = access_names.spelled(work, acme.id, session(work, acme).rules)
    assert spelled.guards[0].conditions.targets.applications == {twin.id}


def test_a_group_that_is_called_like_the_id_of_another_is_spelled_by_its_own_id(work, acme, a_group):
    staff = queries.group(work, "Staff", organization_id=acme.id)
    liar = a_group(staff.id)
    work.tx.session.flush()
    write(work, rules(guard(people={"groups": [liar.id]})))

    spelled = access_names.spelled(work, acme.id, session(work, acme).rules)

    assert spelled.guards[0].conditions.people.groups == {liar.id}
    assert not write(work, spelled).changes


def test_a_rule_that_names_what_is_gone_can_be_kept(work, acme):
    wiki = queries.applications(work, site_id=queries.site(work, "acme").id)[0]
    write(work, rules(guard("Old", targets={"applications": ["Wiki"]})))
    applications.delete(work, wiki.id)

    spelled = access_names.spelled(work, acme.id, session(work, acme).rules)
    assert write(work, replace(spelled, guards=(*spelled.guards, *rules(guard("New")).guards))).changes
    with pytest.raises(Invalid):
        access_policies.write(work, "acme", "Applications", spelled)


def test_nothing_is_written_where_nothing_differs(work, acme):
    wanted = rules(guard())
    first = write(work, wanted)

    again = write(work, wanted)

    assert (first.policy.current, again.changes, again.policy.current) == (2, (), 2)
    assert len(audited(work, "access-policy.changed")) == 1


@pytest.mark.both_databases
def test_a_change_of_what_somebody_else_has_changed_is_refused(work, acme):
    write(work, rules(guard()), if_version=1)

    with pytest.raises(Conflict, match="Someone else changed"):
        write(work, rules(), if_version=1)
    assert write(work, rules(), if_version=2).policy.current == 3


def test_versions_are_kept_and_an_older_one_can_count_again(work, acme):
    write(work, rules(guard("First", people={"groups": ["Staff"]})))
    write(work, rules(guard("Second")))
    found = access_policies.policy(work, "acme", "Sessions")

    restored = access_policies.restore(work, "acme", "Sessions", 2)

    assert restored.policy.current == 4
    assert [version.number for version in access_policies.history(work, found)] == [4, 3, 2, 1]
    assert access_policies.rules_of(work, found) == access_policies.rules_of(work, found, 2)
    assert session(work, acme).rules.guards[0].name == "First"
    assert audited(work, "access-policy.changed")[-1]["because"] == "restored version 2"
    with pytest.raises(NotFound):
        access_policies.restore(work, "acme", "Sessions", 9)


def test_the_audit_log_says_in_words_what_has_changed(work, acme):
    write(work, rules(guard("No", networks={"zones": ["Office"]}), catch_all={"effect": "require", "strength": "second-step"}))  # fmt: skip

    assert audited(work, "access-policy.changed") == [
        {
            "name": "Sessions",
            "number": 2,
            "because": "",
            "changes": [
                "added the guard rail “No” (if the address is in Office: deny)",
                "changed what holds otherwise: allow → require a second step",
            ],
        }
    ]


def test_a_change_is_judged_before_it_is_kept(work, acme):
    seen = []

    def judge(_, change):
        seen.append(change)
        raise Conflict("That would cut you off.")

    with pytest.raises(Conflict, match="cut you off"):
        write(work, rules(guard()), judge=judge)

    context = Context(at=work.now, request=RequestKind.BROWSER, account_id="ann")
    assert isinstance(evaluate(seen[0].now.session, context).outcome, Allowed)
    assert isinstance(evaluate(seen[0].then.session, context).outcome, Denied)
    assert seen[0].what == "added the guard rail “No” (always: deny)"
    assert session(work, acme).trivial
    assert access_policies.policy(work, "acme", "Sessions").current == 1


def test_a_policy_of_applications_is_judged_too(work, acme):
    seen = []
    access_assignments.create(work, "acme", "Strict")
    write(work, rules(guard()), "Strict", judge=lambda _, change: seen.append(change))
    write(work, rules(guard("Other")), "Applications", judge=lambda _, change: seen.append(change))

    strict = access_policies.policy(work, "acme", "Strict")
    assert [change.then.session.trivial for change in seen] == [True, True]
    assert seen[0].then.of_application(strict.id).rules.guards[0].name == "No"
    assert seen[0].then.of_application(None).trivial
    assert seen[1].then.of_application(None).rules.guards[0].name == "Other"
    assert seen[1].then.of_application("acp_unknown").rules.guards[0].name == "Other"


def test_a_trial_that_is_over_does_not_count_whether_noted_or_not(work, acme):
    write(work, rules(guard()))
    found = access_policies.policy(work, "acme", "Sessions")
    found.confirmed, found.rolls_back_at = 1, work.now + timedelta(minutes=10)
    work.tx.session.flush()

    assert not session(work, acme).trivial
    later = replace(work, now=work.now + timedelta(minutes=10))
    assert access_policies.standing(later, acme.id).session.trivial
    assert access_policies.rules_of(later, found) == Rules()


def test_what_another_transaction_has_compiled_and_given_up_counts_for_nobody(open_work, work, acme):
    """A number of a version can be used again after a roll-back; what is kept is kept by its contents."""
    work.tx.commit()

    class GivenUp(Exception):
        pass

    with pytest.raises(GivenUp), open_work() as given_up:
        write(given_up, rules(guard("Given up")))
        assert session(given_up, acme).rules.guards[0].name == "Given up"
        zones.change(given_up, "acme", "Office", contents=Contents(networks=("203.0.113.0/24",)))
        assert access_policies.standing(given_up, acme.id).zones
        raise GivenUp
    with open_work() as other:
        write(other, rules(guard("Kept", networks={"zones": ["Office"]})))
        kept = session(other, acme)
        assert kept.rules.guards[0].name == "Kept"
        (zone,) = kept.zones.values()
        assert zone.contains("192.0.2.1", "", "", "") is True


def test_who_may_only_read_may_only_read(work, acme, as_account):
    reader = as_account(work, queries.account(work, "ann@acme.example"), AUDITOR)
    wiki = queries.applications(work, site_id=queries.site(work, "acme").id)[0]

    assert access_policies.policies(reader, "acme")
    for act in (
        lambda: access_policies.write(reader, "acme", "Sessions", rules()),
        lambda: access_policies.restore(reader, "acme", "Sessions", 1),
        lambda: access_assignments.create(reader, "acme", "New"),
        lambda: access_assignments.delete(reader, "acme", "Applications"),
        lambda: access_assignments.assign(reader, wiki.id, None),
        lambda: zones.create(reader, "acme", "New", OFFICE),
        lambda: zones.change(reader, "acme", "Office", name="New"),
        lambda: zones.delete(reader, "acme", "Office"),
    ):
        with pytest.raises(Forbidden):
            act()


def test_t1_an_administrator_of_another_organization_finds_nothing(work, acme, stranger):
    strange = stranger(work)
    wiki = queries.applications(work)[0]
    for act in (
        lambda: access_policies.policies(strange, "acme"),
        lambda: access_policies.policy(strange, "acme", "Sessions"),
        lambda: access_policies.write(strange, "acme", "Sessions", rules()),
        lambda: access_policies.restore(strange, "acme", "Sessions", 1),
        lambda: access_assignments.create(strange, "acme", "New"),
        lambda: access_assignments.delete(strange, "acme", "Applications"),
        lambda: access_assignments.assign(strange, wiki.id, None),
        lambda: zones.zones(strange, "acme"),
        lambda: zones.zone(strange, "acme", "Office"),
        lambda: zones.create(strange, "acme", "New", OFFICE),
        lambda: zones.change(strange, "acme", "Office", name="New"),
        lambda: zones.delete(strange, "acme", "Office"),
        lambda: zones.test(strange, "acme", "192.0.2.1", Place()),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_application_is_put_under_a_policy_and_back_under_the_default(work, acme):
    strict = access_assignments.create(work, "acme", "Strict")
    wiki = queries.applications(work, site_id=queries.site(work, "acme").id)[0]

    access_assignments.assign(work, wiki.id, "strict")
    assert wiki.access_policy_id == strict.id
    with pytest.raises(Conflict, match="“Wiki” is under it"):
        access_assignments.delete(work, "acme", "Strict")
    access_assignments.assign(work, wiki.id, None)
    access_assignments.assign(work, wiki.id, "Applications")
    assert wiki.access_policy_id is None
    access_assignments.delete(work, "acme", "Strict")

    assert [(one["before"], one["after"]) for one in audited(work, "access-policy.assigned")] == [
        ("Applications", "Strict"),
        ("Strict", "Applications"),
    ]
    assert audited(work, "access-policy.deleted") == [{"name": "Strict"}]
    assert [one.name for one in access_policies.policies(work, "acme")] == ["Sessions", "Applications"]


def test_an_application_cannot_be_under_the_policy_of_sessions(work, acme):
    wiki = queries.applications(work, site_id=queries.site(work, "acme").id)[0]

    with pytest.raises(Invalid, match="asked at every sign-on"):
        access_assignments.assign(work, wiki.id, "Sessions")


def test_t1_an_application_cannot_be_under_a_policy_of_another_organization(work, acme):
    theirs = access_policies.policy(work, "other", "Applications")
    wiki = queries.applications(work, site_id=queries.site(work, "acme").id)[0]

    with pytest.raises(NotFound):
        access_assignments.assign(work, wiki.id, theirs.id)


@pytest.mark.parametrize("name", ["Sessions", "Applications"])
def test_what_every_organization_has_cannot_be_deleted(work, acme, name):
    with pytest.raises(Conflict, match="every organization has it"):
        access_assignments.delete(work, "acme", name)


def test_two_policies_cannot_have_one_name(work, acme):
    with pytest.raises(Conflict):
        access_assignments.create(work, "acme", "SESSIONS")


@pytest.mark.both_databases
def test_of_many_who_write_for_one_version_one_wins(database: Database, open_work, work, acme):
    work.tx.commit()
    ready, outcomes = Barrier(50), []

    def compete(number: int) -> None:
        ready.wait()
        try:
            with open_work() as mine:
                write(mine, rules(guard(f"Of {number}")), if_version=1)
            outcomes.append("won")
        except IdpError as refused:
            outcomes.append(refused.code)

    threads = [Thread(target=compete, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, reverse=True)[:1] == ["won"]
    assert outcomes.count("won") == 1
    assert len(outcomes) == 50
    with open_work() as after:
        assert len(access_policies.history(after, access_policies.policy(after, "acme", "Sessions"))) == 2
