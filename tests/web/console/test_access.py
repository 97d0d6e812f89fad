"""Contextual access in the console: rules as forms, what they would have meant, trials, versions, the console itself."""

from urllib.parse import urlencode

import pytest

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.models import Attempt
from idp.directory import access_assignments, access_policies, groups, organizations, queries, zones
from idp.directory.zones import Contents
from idp.policy.access import documents, recording
from idp.policy.access.context import Context, RequestKind
from idp.policy.access.rules import Mode
from idp.policy.signon import Method, Proof
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

DENY_BEN = {"rules": [{"name": "No Ben", "conditions": {"people": {"accounts": [BEN]}}, "answer": {"effect": "deny"}}]}


def policy(front, name="Sessions"):
    with front.work() as work:
        return access_policies.policy(work, "acme", name)


def path(front, name="Sessions"):
    return f"/admin/access/{policy(front, name).id}"


def rules(front, name="Sessions"):
    with front.work() as work:
        return access_policies.rules_of(work, access_policies.policy(work, "acme", name))


def write(front, document, name="Sessions"):
    with front.work() as work:
        access_policies.write(work, "acme", name, documents.rules_from_json(document))


def submit(visitor, path, act="save", **changed):
    """Submit the form that posts at *path* as it is shown, with what was *changed*."""
    form = visitor.open(path).page.xpath("//main//form[@method='post']")[-1]
    values: dict[str, list[str]] = {}
    for name, value in form.form_values():
        values.setdefault(name, []).append(value)
    values |= {name: value if isinstance(value, list) else [value] for name, value in changed.items()}
    return visitor._followed(visitor.client.post(form.get("action") or visitor.path, data=values | {"act": [act]}))


def sign_on(front, email, **context):
    """Record a successful sign-on of somebody to the wiki, with a password and a code."""
    made = Context(
        front.now,
        RequestKind.SAML,
        front.account_ids[email],
        application_id=front.application_ids["Wiki"],
        ip="192.0.2.7",
        proofs=(Proof(Method.PASSWORD, front.now), Proof(Method.TOTP, front.now)),
        **context,
    )
    trail = Trail(
        kind="saml.sign-on",
        organization_id=front.organization_id,
        account_id=made.account_id,
        application_id=made.application_id,
        outcome="succeeded",
        decision="allowed",
        context={
            recording.KEY: recording.write(made, place_known=False, known=frozenset()),
            "proofs": [[proof.method, proof.at.isoformat(), False] for proof in made.proofs],
            "has_second_step": True,
        },
    )
    with front.work() as work:
        attempts.save(work, trail)


FILLED = {
    "name": "At night only with a passkey",
    "people.groups": "Staff",
    "people.kinds": ["member"],
    "networks.zones": ["Office"],
    "devices.known": "no",
    "requests": ["saml", "oidc"],
    "times.days": ["mon", "tue"],
    "times.begins": "22:00",
    "times.ends": "06:00",
    "times.zone": "Europe/Berlin",
    "behaviours": ["new-country"],
    "sessions.older_than": "60",
    "answer.effect": "require",
    "answer.strength": "phishing-resistant",
    "answer.methods": ["passkey"],
    "answer.within": "30",
}


@pytest.fixture
def office(front):
    with front.work() as work:
        zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
        if all(one.name != "Staff" for one in queries.groups(work)):
            groups.create(work, "Staff", organization="acme")


def test_every_part_of_a_rule_is_a_field_and_comes_back_as_it_was_written(front, admin, office):
    submit(admin, path(front) + "/rules/new-rule", **FILLED)

    (made,) = rules(front).rules
    assert made.mode is Mode.REPORT_ONLY
    assert "if it is a sign-on by OpenID Connect or a sign-on by SAML" in admin.text
    submit(admin, f"{path(front)}/rules/{made.id}")
    assert rules(front).rules == (made,)
    assert policy(front).current == 2
    submit(admin, f"{path(front)}/rules/{made.id}", **{"times.begins": "21:00"})
    assert (policy(front).current, rules(front).rules[0].conditions.times.begins) == (3, 21 * 60)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "cannot be taken"),
        ("people.accounts", "nobody@acme.example", "There is no account “nobody@acme.example”."),
        ("people.groups", "Nobody", "There is no group “Nobody”."),
        ("targets.applications", "Nothing", "There is no application “Nothing”."),
        ("networks.zones", ["Nowhere"], "There is no zone “Nowhere”."),
        ("times.begins", "25:00", "is no time of the day"),
        ("times.zone", "Nowhere/City", "There is no time zone “Nowhere/City”."),
        ("times.not_after", "someday", "is no day"),
        ("sessions.older_than", "long", "This is a whole number of minutes."),
        ("answer.within", "0", "is less than a minute"),
        ("answer.effect", "explode", "is not known"),
        ("requests", ["teleport"], "is not known"),
        ("devices.browsers", ["Netscape"], "is not known"),
    ],
)
def test_what_cannot_be_taken_is_told_and_nothing_of_the_form_is_lost(front, admin, office, field, value, said):
    submit(admin, path(front) + "/rules/new-rule", **{**FILLED, field: value})

    assert admin.status == 422
    assert said in admin.text
    assert "rules[" not in admin.text
    if field != "times.ends":
        assert admin.field("times.ends").get("value") == "06:00"
    assert admin.page.xpath("//input[@name='answer.methods'][@value='passkey'][@checked]")
    assert rules(front).rules == ()


def test_before_a_rule_is_kept_the_page_says_whom_it_would_have_met(front, admin):
    for email in (ANN, BEN, BEN):
        sign_on(front, email)

    submit(
        admin,
        path(front) + "/rules/new-rule",
        act="look",
        **{"name": "No Ben", "people.accounts": BEN, "answer.effect": "deny"},
    )

    assert admin.status == 200
    replayed = " ".join(admin.page.xpath("string(//section[@id='replayed'])").split())
    assert "Would newly be denied 2 sign-ons, 1 person" in replayed
    assert BEN in replayed
    assert admin.field("name").get("value") == "No Ben"
    assert (rules(front).rules, policy(front).current) == ((), 1)


def test_a_rule_that_reports_counts_only_after_a_page_of_its_own(front, admin):
    sign_on(front, BEN)
    write(front, {"rules": [{**DENY_BEN["rules"][0], "mode": "report-only"}]})
    (rule,) = rules(front).rules
    admin.open(f"{path(front)}/rules/{rule.id}/mode")
    assert "Would newly be denied 1 sign-on, 1 person" in " ".join(admin.text.split())

    submit(admin, admin.path, mode="on", trial="")

    assert rules(front).rules[0].mode is Mode.ON
    assert "It counts at once" in admin.text


def test_a_rule_that_locks_out_is_refused_and_can_be_tried(front, admin):
    write(front, {"rules": [{"name": "Nobody", "answer": {"effect": "deny"}, "mode": "report-only"}]})
    (rule,) = rules(front).rules
    where = f"{path(front)}/rules/{rule.id}/mode"

    submit(admin, where, mode="on", trial="")
    assert admin.status == 409
    assert "This would lock administrators out" in admin.text
    assert "--try" not in admin.text
    assert rules(front).rules[0].mode is Mode.REPORT_ONLY

    submit(admin, where, mode="on", trial="15")
    with front.work() as work:
        found = access_policies.policy(work, "acme", "Sessions")
        assert (found.current, found.confirmed, found.rolls_back_at is not None) == (3, 2, True)


@pytest.fixture
def tried(front):
    """A rule on Ben is on trial."""
    with front.work() as work:
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(DENY_BEN), trial=15)


def test_what_is_on_trial_is_kept(front, admin, tried):
    admin.open(path(front))
    assert "Version 2 is on trial" in admin.text

    admin.submit("Keep it")

    assert policy(front).confirmed == 2
    assert "Version 2 stays" in admin.text


def test_a_trial_is_ended(front, admin, tried):
    admin.open(path(front)).submit("End the trial now")

    assert (policy(front).current, rules(front).rules) == (1, ())


def test_while_a_trial_runs_no_change_is_offered(front, admin, tried):
    admin.open(path(front))

    assert "Add a rule" not in admin.text
    assert not admin.link("Switch")


def test_rules_are_moved_and_deleted(front, admin):
    write(front, {"rules": [{"name": name, "answer": {"effect": "allow"}} for name in ("one", "two", "three")]})
    admin.open(path(front)).submit("Down", by="down")
    assert [rule.name for rule in rules(front).rules] == ["two", "one", "three"]

    first = rules(front).rules[0]
    submit(admin, f"{path(front)}/rules/{first.id}/delete")
    assert [rule.name for rule in rules(front).rules] == ["one", "three"]


def test_what_holds_otherwise_is_changed(front, admin):
    submit(admin, path(front) + "/rules/otherwise", **{"answer.effect": "require", "answer.strength": "second-step"})

    assert "require a second step" in admin.text


def test_an_older_version_counts_again(front, admin):
    write(front, DENY_BEN)
    admin.open(path(front) + "/versions")
    assert "added the rule “No Ben”" in admin.text

    admin.follow("Let it count again")
    submit(admin, admin.path)

    assert (policy(front).current, rules(front).rules) == (3, ())


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    write(front, DENY_BEN)
    (rule,) = rules(front).rules
    where = f"{path(front)}/rules/{rule.id}"
    admin.open(where)
    front.later(seconds=30)
    other = signed_in(front)
    submit(other, where, name="Never Ben")

    admin.submit("Save", name="Ben, no")

    assert admin.status == 409
    assert "Never Ben" in admin.text
    assert "Ben, no" in admin.text
    assert rules(front).rules[0].name == "Never Ben"


def test_applications_are_put_under_a_policy_and_back(front, admin):
    admin.open("/admin/access/new").submit(name="Payroll")
    where = path(front, "Payroll") + "/applications"
    submit(admin, where, names="Wiki")
    assert "Wiki" in admin.open(where).text

    submit(admin, where, application=[front.application_ids["Wiki"]])
    assert "No application is under this policy" in admin.open(where).text


def test_a_policy_with_applications_is_not_deleted_and_an_empty_one_is(front, admin):
    with front.work() as work:
        access_assignments.create(work, "acme", "Payroll")
        access_assignments.assign(work, front.application_ids["Wiki"], "Payroll")
    where = path(front, "Payroll") + "/delete"
    assert "1 application is under it" in admin.open(where).text
    with front.work() as work:
        access_assignments.assign(work, front.application_ids["Wiki"], None)

    submit(admin, where)

    assert (admin.path, "was deleted" in admin.text) == ("/admin/access", True)


def test_the_console_is_put_under_a_policy_that_counts_at_the_next_page(front, admin):
    with front.work() as work:
        made = access_assignments.create(work, "acme", "Console").id
    submit(admin, "/admin/access/console", policy=made)
    assert "under the policy “Console”" in admin.text
    write(front, {"guards": [{"name": "Closed", "text": "The console is closed."}]}, "Console")

    admin.open("/admin/access")

    assert admin.path.startswith("/signin/") or admin.status == 403


def test_the_console_is_not_put_where_nobody_gets_in(front, admin):
    with front.work() as work:
        made = access_assignments.create(work, "acme", "Closed").id
    write(front, {"guards": [{"name": "Closed"}]}, "Closed")

    submit(admin, "/admin/access/console", policy=made)

    assert admin.status == 409
    assert "This would lock administrators out" in admin.text


def what_if(admin, **asked):
    return admin.open(f"/admin/access/what-if?{urlencode(asked, doseq=True)}")


def test_what_if_tells_the_decision_and_every_rule(front, admin):
    write(front, DENY_BEN)

    what_if(admin, who=BEN, ip="198.51.100.7", at="2030-01-01T22:30")
    assert "Would not get in" in admin.text
    assert "rule “No Ben”: decides" in admin.text

    what_if(admin, who=ANN, application="Wiki", ip="198.51.100.7", proven=["pwd", "otp"])
    assert "Would get in" in admin.text
    assert "rule “No Ben”: does not match" in admin.text


@pytest.mark.parametrize(
    "asked",
    [
        {"who": "nobody@acme.example"},
        {"who": BEN, "ip": "nonsense"},
        {"who": BEN, "at": "yesterday"},
        {"who": BEN, "at": "9999-12-31T23:59-23:00"},
        {"who": BEN, "application": "Nothing"},
        {"who": BEN, "request": "teleport"},
        {"who": BEN, "proven": ["magic"]},
        {"who": BEN, "session_age": "old"},
        {"request": "token"},
    ],
)
def test_what_cannot_be_supposed_is_told_and_the_form_stays(admin, asked):
    what_if(admin, country="DE", **asked)

    assert admin.status == 200
    if asked != {"request": "token"}:
        assert admin.page.xpath("//*[@role='alert']")
    assert admin.field("country").get("value") == "DE"


def test_what_if_writes_nothing(front, admin):
    with front.work() as work:
        before = work.tx.session.query(Attempt).count()
    what_if(admin, who=BEN, ip="198.51.100.7")
    with front.work() as work:
        assert work.tx.session.query(Attempt).count() == before


def test_the_report_says_whom_rules_in_report_only_would_have_met(front, admin):
    assert "No rule is in report-only" in admin.open("/admin/access/report").text
    write(front, {"rules": [{"name": "Later", "answer": {"effect": "deny"}, "mode": "report-only"}]})
    front.later(seconds=30)
    signed_in(front)

    admin.open("/admin/access/report?days=1")

    assert "Sessions: Later" in admin.text
    assert ANN in admin.text


@pytest.mark.parametrize(
    "tail",
    ["rules/new-rule", "rules/{rule}", "rules/{rule}/mode", "rules/{rule}/delete", "versions", "history", ""],
)
def test_t1_a_policy_of_another_organization_is_not_there(front, admin, tail):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        theirs = access_policies.policy(work, "globex", "Sessions").id
    write(front, DENY_BEN)

    assert admin.open(f"/admin/access/{theirs}/{tail.format(rule=rules(front).rules[0].id)}".rstrip("/")).status == 404


@pytest.mark.parametrize(
    "tail",
    [
        "rules/new-rule",
        "rules/{rule}",
        "rules/{rule}/mode",
        "rules/{rule}/delete",
        "rules/otherwise",
        "versions/1/restore",
    ],
)
def test_d17_what_is_dangerous_asks_for_a_fresh_second_step(front, admin, tail):
    write(front, DENY_BEN)
    front.later(minutes=6)

    admin.open(f"{path(front)}/{tail.format(rule=rules(front).rules[0].id)}")

    assert admin.path.startswith("/signin/")


def test_an_auditor_reads_rules_and_changes_none(front):
    write(front, DENY_BEN)
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    (rule,) = rules(front).rules

    assert "No Ben" in auditor.open(path(front)).text
    assert "Add a rule" not in auditor.text
    submit(auditor, f"{path(front)}/rules/{rule.id}", name="Yes Ben")
    assert (auditor.status, rules(front).rules[0].name) == (403, "No Ben")


def test_whoever_must_prove_a_second_step_before_keeping_a_trial_comes_back_to_the_policy(front, admin, tried):
    admin.open(path(front))
    front.later(minutes=6)
    admin.submit("Keep it")
    assert admin.path.startswith("/signin/")

    admin.submit(password=PASSWORD).submit(otp=front.code())

    assert admin.path == path(front)
    assert policy(front).confirmed == 2  # an administrator who signs in anew under it confirms it
