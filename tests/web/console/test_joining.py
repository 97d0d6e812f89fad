"""Invitations, imports, joining and access requests in the console."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from idp.base.errors import Conflict
from idp.base.work import Actor
from idp.directory import access_requests, applications, import_reading, imports, invitations, join_rules, queries, runs
from idp.directory.joining_models import AccountImportFile
from idp.directory.models import Application, RoleAssignment
from idp.policy import importing
from idp.signon import account_imports, joining
from idp.signon import invitations as sending
from tests.directory.test_join_rules import prove
from tests.support.front import ANN, BEN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_security_queries import counted

ADA, BOB = "ada@acme.example", "bob@acme.example"


def upload(one, text, name="people.csv"):
    """Send a file with the form of the page; what Visitor submits has none."""
    one.open("/admin/imports")
    token = one.page.xpath("//main//input[@name='csrf_token']/@value")[0]
    head = 'Content-Disposition: form-data; name="{}"'
    body = b"\r\n".join(
        (
            b"--edge",
            head.format("csrf_token").encode(),
            b"",
            token.encode(),
            b"--edge",
            (head + '; filename="{}"').format("file", name).encode(),
            b"Content-Type: text/csv",
            b"",
            text if isinstance(text, bytes) else text.encode(),
            b"--edge--",
            b"",
        )
    )
    return one._followed(
        one.client.post("/admin/imports", data=body, content_type="multipart/form-data; boundary=edge")
    )


def test_people_are_invited_sent_another_mail_and_taken_back(front, admin):
    admin.open("/admin/invitations").follow("Invite people").submit(
        emails=f"{ADA}\nBob Builder <{BOB}>\nnobody", groups="Research\n"
    )
    assert admin.path == "/admin/invitations"
    assert "Invited: 2 of 3. nobody: This is not an e-mail address." in admin.text
    assert sorted(mail.to for mail in front.mails()) == [ADA, BOB]

    with front.work() as work:
        found = {one.email: one.id for one in invitations.invitations(work)}
    admin.submit("Send the chosen ones anew", invitation=found[ADA], act="resend")
    assert "Sent anew: 1." in admin.text
    assert [mail.to for mail in front.mails()] == [ADA]
    admin.submit("Take the chosen ones back", invitation=found[BOB], act="revoke")
    assert "Taken back: 1." in admin.text
    assert BOB in admin.open("/admin/invitations?state=revoked").text
    assert ADA not in admin.text


def test_where_nobody_could_be_invited_nothing_typed_is_lost(front, admin):
    admin.open("/admin/invitations/new").submit(emails="nobody, neither")

    assert (admin.status, front.mails()) == (422, [])
    assert admin.page.xpath("//textarea[@name='emails']")[0].text.strip() == "nobody, neither"


def test_a_file_is_looked_at_imported_and_undone(front, admin):
    upload(admin, f"email,name,groups\n{ADA},Ada Lovelace,Research\n{BEN},Benny,\nnobody,X,\n")
    assert (admin.title, admin.status) == ("people.csv", 200)
    assert "Nothing was done yet" in admin.text
    assert "email: This is not an e-mail address." in admin.text
    assert "Benny" in admin.text
    with front.work() as work:
        [found] = imports.imports(work)

    admin.follow("Do it").submit("Import")
    assert "The import is done." in admin.text
    with front.work() as work:
        assert queries.account(work, ADA).name == "Ada Lovelace"
        assert queries.account(work, BEN).name == "Benny"

    admin.follow("Undo").submit("Undo the import")
    assert "The import is undone." in admin.text
    assert "Removed again" in admin.text
    with front.work() as work:
        assert queries.account(work, BEN).name == "Ben Baker"
        assert imports.get(work, found.id).state == "undone"
    assert "undid the import of the file people.csv" in admin.text


def test_an_import_asks_for_a_fresh_second_step(front, admin):
    upload(admin, f"email,name\n{ADA},Ada\n")
    path = admin.path
    front.later(minutes=6)
    admin.open(f"{path}/apply")

    assert admin.path.startswith("/signin/")


def test_a_long_import_says_how_far_it_is(front, admin):
    upload(admin, "email,name\n" + "".join(f"p{n}@acme.example,P {n}\n" for n in range(450)))
    admin.follow("Do it").submit("Import")

    [progress] = admin.page.xpath("//progress")
    assert (progress.get("value"), progress.get("max")) == ("200", "450")
    for _ in range(2):
        front.mails()
    admin.follow("Look again")
    assert "Undo" in admin.text
    assert admin.page.xpath("//progress") == []


@pytest.mark.parametrize(("text", "says"), [("email,password\nx@y.example,1\n", "not known"), (b"\xff\xfe", "UTF-8")])
def test_a_file_that_cannot_be_read_is_told(admin, text, says):
    upload(admin, text)

    assert (admin.status, says in admin.text) == (422, True)


def test_without_a_file_nothing_is_read(admin):
    admin.open("/admin/imports").submit()

    assert (admin.status, "Choose a file first." in admin.text) == (422, True)


def test_i10_a_file_may_be_as_long_as_it_may_be_and_only_there(admin):
    long_name = "x" * 200
    rows = "".join(f"p{n}@acme.example,{long_name}\n" for n in range(4000))
    assert 64 * 1024 < len(rows) < importing.LONGEST
    assert upload(admin, "email,name\n" + rows).status == 200

    assert upload(admin, b"x" * (importing.LONGEST + 100_000)).status == 413
    admin.open("/admin/invitations/new").submit(emails="x" * 70_000)
    assert admin.status == 413


def test_a_rule_is_added_changed_and_deleted(front, admin):
    admin.open("/admin/joining").follow("Add a rule").submit(domain="gmail.com")
    assert (admin.status, admin.field("domain").get("value")) == (422, "gmail.com")
    admin.submit(domain="acme.example", how="at-once")
    assert (admin.status, "not proven" in admin.text) == (422, True)
    admin.submit(domain="acme.example", how="approval", groups="Research")
    assert "People with an address on acme.example may join." in admin.text
    assert "/join/acme" in admin.text

    with front.work() as work:
        prove(work, front.organization_id)
    admin.follow("acme.example").submit(how="at-once", kind="guest")
    assert "without anybody's approval; 3 people here have such an address today." in admin.text
    assert "They enter 1 group, and get what that opens." in admin.text
    with front.work() as work:
        assert join_rules.rules(work)[0].needs_approval
    admin.submit("Save")
    with front.work() as work:
        [rule] = join_rules.rules(work)
        assert (rule.needs_approval, rule.kind, len(rule.groups)) == (False, "guest", 1)
    admin.follow("acme.example").follow("Delete the rule…")
    assert "0 people who wait by it can still be approved." in admin.text
    admin.submit("Delete the rule")
    assert "Nobody joins by themselves" in admin.text


def test_a_rule_by_which_people_join_at_once_is_kept_when_that_was_confirmed(front, admin):
    with front.work() as work:
        prove(work, front.organization_id)
    admin.open("/admin/joining/rules/new").submit(domain="acme.example", how="at-once", groups="Research\nEngineering")
    assert admin.title == "Let people with an address on acme.example join at once?"
    with front.work() as work:
        assert join_rules.rules(work) == []
    admin.submit("Add the rule")

    with front.work() as work:
        [rule] = join_rules.rules(work)
        assert (rule.needs_approval, rule.notify, rule.kind, len(rule.groups)) == (False, True, "member", 2)
    admin.open(f"/admin/joining/rules/{rule.id}").submit(notify="")
    assert "Saved." in admin.text, "nothing more is had by it"
    admin.open(f"/admin/joining/rules/{rule.id}").submit(how="approval")
    assert "Saved." in admin.text


def test_an_auditor_looks_at_a_rule_without_a_fresh_second_step(front):
    with front.work() as work:
        rule = join_rules.create(work, "acme.example", organization="acme")
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    front.later(minutes=6)

    assert auditor.open(f"/admin/joining/rules/{rule.id}").title == "acme.example"


def test_of_two_administrators_the_second_sees_that_the_rule_has_changed(front, admin):
    with front.work() as work:
        rule = join_rules.create(work, "acme.example", organization="acme")
    admin.open(f"/admin/joining/rules/{rule.id}")
    front.later(seconds=30)
    with front.work() as work:
        join_rules.edit(work, rule.id, organization="acme", kind="guest")
    admin.submit(how="approval", kind="member")

    assert admin.status == 409
    assert "changed how people with an address on acme.example join" in admin.text


@pytest.fixture
def waiting(front, admin):
    """Somebody who has proven an address and waits."""
    with front.work() as work:
        join_rules.create(work, "acme.example", organization="acme")
    one = type(admin)(front.app.test_client())
    one.open("/join/acme").submit(name="Zoe Zephyr", email="zoe@acme.example")
    one.open(next(mail for mail in front.mails() if mail.to.startswith("zoe")).path).submit()
    front.mails()
    with front.work() as work:
        [found] = joining.requests(work)
    return found


def test_who_waits_is_let_in(front, admin, waiting):
    admin.open("/admin/joining").follow("Zoe Zephyr").submit("Let them join", act="approve")

    assert "has joined" in admin.text
    [mail] = front.mails()
    assert mail.path.startswith("/welcome/")
    assert "Zoe Zephyr" in admin.open("/admin/joining?state=approved").text


def test_who_waits_is_denied_with_a_reason(front, admin, waiting):
    admin.open(f"/admin/joining/requests/{waiting.id}").submit("Deny it", act="deny", answer="")
    assert admin.status == 422
    admin.submit("Deny it", act="deny", answer="We do not know you.")

    assert "is told why" in admin.text
    [mail] = front.mails()
    assert "We do not know you." in mail.text


@pytest.fixture
def asked(front, admin):
    """Ben has asked for Payroll, which he may not open."""
    with front.work() as work:
        made = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Ledger")
        made.requestable = True
        work.tx.session.flush()
        ben = queries.account(work, BEN)
        acting = replace(work, actor=Actor("account", ben.id, ben.email, ben.organization_id))
        found = access_requests.ask(acting, made.id, "I close the books in March.")
    front.mails()
    return found


def test_a_request_is_approved_until_a_day(front, admin, asked):
    admin.open("/admin/requests")
    assert "I close the books in March." in admin.text
    admin.follow("Ben Baker").submit("Approve", act="approve", until="2030-03-31", answer="Good luck.")

    assert "Ben Baker may now open Ledger." in admin.text
    with front.work() as work:
        [grant] = applications.grants(
            work, work.tx.session.get_one(Application, (front.organization_id, asked.application_id))
        )
        assert grant.valid_to.isoformat() == "2030-04-01T00:00:00+00:00"
    [mail] = front.mails()
    assert (mail.to, "Good luck." in mail.text) == (BEN, True)
    assert "Nothing waits" in admin.text


@pytest.mark.parametrize("until", ["soon", "2020-01-01", "9999-12-31"])
def test_a_day_that_is_none_or_over_is_told(front, admin, asked, until):
    admin.open(f"/admin/requests/{asked.id}").submit("Approve", act="approve", until=until, answer="Yes.")

    assert (admin.status, admin.field("answer").get("value")) == (422, "Yes.")
    assert front.mails() == []


def test_a_request_that_somebody_else_decided_is_told(front, admin, asked):
    admin.open(f"/admin/requests/{asked.id}")
    with front.work() as work:
        access_requests.deny(work, asked.id, "No.")
    admin.submit("Approve", act="approve")

    assert (admin.status, "decided or withdrawn already" in admin.text) == (409, True)


def test_d17_nobody_is_offered_to_decide_on_a_request_of_their_own(front, admin, asked):
    make_administrator(front, email=BEN)
    with front.work() as work:
        from idp.signon.factors import totp
        from tests.support.front import SECRET

        totp.add(work, front.account_ids[BEN], SECRET, organization_id=front.organization_id, name="Phone")
    front.later(minutes=2)
    ben = signed_in(front, BEN)
    ben.open(f"/admin/requests/{asked.id}")

    assert "somebody else decides" in ben.text
    assert ben.page.xpath("//button[@value='approve']") == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin/imports/imp_none",
        "/admin/imports/imp_none/apply",
        "/admin/imports/%00",
        "/admin/joining/rules/jnr_none",
        "/admin/joining/requests/jnq_none",
        "/admin/requests/arq_none",
        "/admin/requests/%00",
    ],
)
def test_t1_what_is_not_there_is_not_there(admin, path):
    assert admin.open(path).status == 404


def test_t1_nothing_of_another_organization_is_shown(front, admin):
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sending.invite(work, "eve@globex.example", organization="globex", name="Eve")
        rule = join_rules.create(work, "globex.example", organization="globex")
        foreign = import_reading.preview(
            work, b"email,name\nx@globex.example,X\n", organization="globex", file_name="globex.csv"
        )
    assert "eve@globex" not in admin.open("/admin/invitations").text
    assert "globex" not in admin.open("/admin/imports").text
    assert "globex" not in admin.open("/admin/joining").text
    assert admin.open(f"/admin/imports/{foreign.id}").status == 404
    assert admin.open(f"/admin/joining/rules/{rule.id}").status == 404


def test_an_auditor_is_offered_nothing_to_do(front):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    auditor.open("/admin/joining")

    assert auditor.link("Add a rule") == ""
    assert auditor.open("/admin/joining/rules/new").status == 403
    assert auditor.open("/admin/invitations/new").submit(emails=ADA).status == 403
    assert upload(auditor, f"email,name\n{ADA},Ada\n").status == 403


def fill(front, numbers):
    with front.work() as work:
        for number in numbers:
            sending.invite(work, f"i{number}@acme.example", organization="acme", name=f"I {number}")
            join_rules.create(work, f"d{number}.example", organization="acme", groups=["Research"])
            made = applications.create(work, queries.site(work, "acme"), protocol="saml", name=f"Application {number}")
            made.requestable = True
            work.tx.session.flush()
            ben = queries.account(work, BEN)
            acting = replace(work, actor=Actor("account", ben.id, ben.email, ben.organization_id))
            access_requests.ask(acting, made.id, "I need it.")
            text = "email,name,groups\n" + "".join(
                f"x{number}-{n}@acme.example,X,Research\n" for n in range(number + 1)
            )
            import_reading.preview(work, text.encode(), organization="acme", file_name=f"{number}.csv")
        return [one.id for one in imports.imports(work)]


@pytest.mark.parametrize("page", ["invitations", "imports", "joining", "requests", "imports/{id}"])
def test_more_rows_take_no_more_statements(front, admin, monkeypatch, page):
    [few_rows, *_] = fill(front, range(2))
    admin.open(f"/admin/{page.format(id=few_rows)}")
    with counted(front.database, monkeypatch) as few:
        admin.open(f"/admin/{page.format(id=few_rows)}")
    [many_rows, *_] = fill(front, range(2, 18))
    admin.open(f"/admin/{page.format(id=many_rows)}")
    with counted(front.database, monkeypatch) as many:
        admin.open(f"/admin/{page.format(id=many_rows)}")

    assert admin.status == 200
    assert many[0] <= few[0] + 1, (few, many)
    assert len(admin.answer.data) < 60_000


@pytest.mark.both_databases
def test_a_long_file_is_read_by_a_run_and_comes_to_what_a_short_one_does(front, admin, monkeypatch):
    with front.work() as work:
        short = import_reading.preview(work, LONG.encode(), organization="acme")
        expected = [(one.number, one.email, one.action, one.problem) for one in imports.rows(work, short)]
    monkeypatch.setattr(import_reading, "AT_ONCE", 2)
    upload(admin, LONG)
    assert (admin.title, admin.path.startswith("/admin/runs/")) == ("Read the file people.csv", True)
    with front.work() as work:
        [made] = [one for one in imports.imports(work) if one.id != short.id]
        assert (made.state, imports.rows(work, made)) == ("reading", [])
    admin.open(f"/admin/imports/{made.id}")
    assert "The file is still being read" in admin.text
    assert not admin.page.xpath("//a[contains(@href, '/apply')]")
    with front.work() as work, pytest.raises(Conflict):
        account_imports.apply(work, made.id)

    assert runs.drain(front.database, import_reading.KINDS, front.now) == 3

    with front.work() as work:
        made = imports.get(work, made.id)
        found = [(one.number, one.email, one.action, one.problem) for one in imports.rows(work, made)]
        assert (made.state, made.counts, found) == ("previewed", short.counts, expected)
        assert work.tx.session.query(AccountImportFile).count() == 0
    admin.open(admin.page.xpath("//a[text()='See how far it is']/@href")[0])
    admin.follow("See what it has found")
    assert admin.path == f"/admin/imports/{made.id}"
    assert [found[0][2], found[-1][3]] == ["create", "email: Line 2 has this address, too."]


LONG = "email,name\n" + "".join(f"p{n}@acme.example,P {n}\n" for n in range(4)) + "\nP0@Acme.example,Twice\n"


def test_what_is_wrong_with_a_long_file_is_said_at_once_and_nothing_is_kept(front, admin, monkeypatch):
    monkeypatch.setattr(import_reading, "AT_ONCE", 2)
    wrong = []
    for text in ('email,name\na@x.example,"A\n', "name\nA\nB\nC\n", LONG.replace("name", "password"), b"email\n\xff"):
        upload(admin, text)
        if admin.status != 422:
            wrong.append((text, admin.status))
    assert wrong == []
    with front.work() as work:
        assert imports.imports(work) == []


def test_d17_who_may_not_import_any_more_reads_no_further(front, admin, monkeypatch):
    monkeypatch.setattr(import_reading, "AT_ONCE", 2)
    upload(admin, LONG)
    make_administrator(front, email=BEN)
    with front.work() as work:
        work.tx.session.execute(
            sa.update(RoleAssignment)
            .where(RoleAssignment.account_id == front.account_ids[ANN])
            .values(role="help-desk")
        )
    runs.drain(front.database, import_reading.KINDS, front.now)

    with front.work() as work:
        [made] = imports.imports(work)
        assert (made.state, imports.rows(work, made)) == ("reading", [])
        [run] = runs.page(work, front.organization_id)
        assert run.state == "failed"
