"""Finding by a few letters: what is found, by what, and by whom not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base import jobs
from idp.directory import accounts, applications, groups, search, sites
from idp.directory.console_models import SearchWord
from idp.directory.search_words import fold, words
from idp.policy.permissions import AUDITOR, HELP_DESK
from idp.signon import email_change


@pytest.fixture
def acme(an_organization):
    return an_organization()


def found(work, organization, text, **options):
    return [(hit.kind, hit.name) for hit in search.find(work, organization.id, text, **options)]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("zoe", "Zoë Müller"),
        ("MULLER", "Zoë Müller"),
        ("mu zo", "Zoë Müller"),
        ("lodz", "Łódź"),
        ("strasse", "Straße"),
        ("istanbul", "İstanbul"),
        ("ann", "ＡＮＮ wide"),
        ("oneill", "Oneill"),
        ("neill", "Sinéad O'Neill"),
        ("太郎", "山田太郎"),
        ("анна", "АННА Ковалёва"),
    ],
)
@pytest.mark.both_databases
def test_letters_find_a_name_whatever_their_case_and_accents(work, acme, an_account, typed, stored):
    an_account(email="x@acme.example", name=stored)

    assert found(work, acme, typed) == [("account", stored)]


@pytest.mark.parametrize("typed", ["ann.lee@acme.example", "ann.lee@ac", "lee", "acme.ex", "ann.lee", "acme lee"])
def test_parts_of_an_address_find_its_account(work, acme, an_account, typed):
    an_account(email="Ann.Lee@acme.example", name="Somebody")

    assert found(work, acme, typed) == [("account", "Somebody")]


@pytest.mark.parametrize("typed", ["nn", "ann bee", "", "   ", "%", "_", "'", "\x00", "@", ".", "b\x00.b", "b\ud800.b"])
@pytest.mark.both_databases
def test_what_begins_no_word_finds_nothing(work, acme, an_account, typed):
    an_account(email="q@acme.example", name="Ann Lee")

    assert found(work, acme, typed) == []


def test_every_kind_is_found_by_its_name(work, acme, a_site, a_group, an_application, an_account):
    site = a_site(name="Blue one", slug="blue-site")
    a_group("Blue group")
    an_application(site, "Blue wiki")
    an_account(name="Blue person")

    assert found(work, acme, "blue") == [
        ("application", "Blue wiki"),
        ("group", "Blue group"),
        ("site", "Blue one"),
        ("account", "Blue person"),
    ]


def test_a_new_name_and_a_new_address_take_the_place_of_the_old(work, acme, an_account):
    ann = an_account()
    accounts.rename(work, ann.id, name="Zora", given_name="Zo")
    email_change.administer(work, ann.id, "new@acme.example")

    assert found(work, acme, "ann") == []
    assert found(work, acme, "zora new") == [("account", "Zora")]


def test_a_deleted_application_is_found_no_more(work, acme, a_site, an_application):
    wiki = an_application(a_site())
    applications.delete(work, wiki.id)

    assert found(work, acme, "wiki") == []
    assert work.tx.session.query(SearchWord).filter_by(kind="application").count() == 0


def test_what_several_words_meet_is_found_once(work, acme, an_account):
    an_account(email="ann.annis@annex.example", name="Ann Annika Annson")

    assert found(work, acme, "ann") == [("account", "Ann Annika Annson")]


def test_at_most_so_many_of_a_kind_are_found(work, acme, an_account):
    for number in range(6):
        an_account(email=f"ann{number}@acme.example", name=f"Ann {number}")

    assert len(found(work, acme, "ann", limit=4)) == 4


def test_t2_nothing_of_another_organization_is_found(work, acme, an_organization, an_account, as_account, stranger):
    other = an_organization("other", "Other")
    an_account()
    theirs = an_account(email="ann@other.example", organization="other", name="Ann Other")
    administrator = as_account(work, theirs, AUDITOR)

    assert found(administrator, other, "ann") == [("account", "Ann Other")]
    assert found(administrator, acme, "ann") == []
    assert found(stranger(work), acme, "ann") == []


def test_t2_nothing_is_found_that_one_may_not_see(work, acme, an_account, a_site, an_application, as_account):
    ann = an_account()
    an_application(a_site(), "Ann's wiki")

    assert found(as_account(work, ann, HELP_DESK), acme, "ann") == [("account", "Ann Example")]


def _attempt(work, organization) -> str:
    trail = Trail("sign-in", organization_id=organization.id)
    trail.succeeded()
    attempts.save(work, trail)
    return trail.id


@pytest.mark.both_databases
def test_an_attempt_is_found_by_its_reference_or_the_beginning_of_it(work, acme):
    reference = _attempt(work, acme)

    assert found(work, acme, reference) == [("attempt", reference)]
    assert found(work, acme, reference[:14].upper()) == [("attempt", reference)]
    assert found(work, acme, reference + "x") == []
    assert found(work, acme, "att_") == []


@pytest.mark.both_databases
def test_an_attempt_is_found_by_a_few_letters_of_its_reference_among_the_newest(work, acme, monkeypatch):
    older, newer = _attempt(work, acme), _attempt(replace(work, now=work.now + timedelta(minutes=1)), acme)
    chance = newer[len("att_") + 12 :]

    assert found(work, acme, "att_0") == [("attempt", newer), ("attempt", older)]
    assert found(work, acme, chance[:4]) == [("attempt", newer)]
    assert found(work, acme, newer[-4:].upper()) == [("attempt", newer)]
    assert found(work, acme, chance[:3]) == []
    assert found(work, acme, "att_%") == []
    monkeypatch.setattr(search, "_NEWEST_ATTEMPTS", 1)
    assert found(work, acme, "att_0") == [("attempt", newer)]
    assert found(work, acme, older[:13]) != []


def test_t3_an_attempt_of_another_organization_is_not_found_by_a_few_letters(work, acme, an_organization):
    theirs = _attempt(work, an_organization("other", "Other"))

    assert found(work, acme, "att_0") == []
    assert found(work, acme, theirs[-5:]) == []


def test_t2_an_attempt_is_found_by_none_but_those_who_may_read_it(work, acme, an_account, as_account, an_organization):
    reference = _attempt(work, acme)
    ann = an_account()
    an_organization("other", "Other")
    theirs = an_account(email="eve@other.example", organization="other")

    assert found(as_account(work, ann, AUDITOR), acme, reference) == [("attempt", reference)]
    assert found(as_account(work, ann, HELP_DESK), acme, reference) == []
    assert found(as_account(work, theirs, AUDITOR), acme, reference) == []


def test_the_job_writes_the_words_of_what_was_there_before(database, open_work):
    from idp.directory import organizations

    with open_work() as work:
        acme = organizations.create(work, "acme", name="Acme")
        site = sites.create(work, "acme", organization="acme", name="Acme")
        for number in range(3):
            accounts.create(work, f"ann{number}@acme.example", organization="acme", name="Ann")
            groups.create(work, f"Ann group {number}", organization="acme")
        gone = applications.create(work, site, protocol="saml", name="Ann's")
        applications.delete(work, gone.id)
        work.tx.session.execute(delete(SearchWord))
        search.ask_for_rebuild(work, key="test")

    while jobs.run_due(database, {search.REBUILD: search.rebuild}, work.now, "operator").finished:
        pass

    with open_work() as work:
        kinds = [hit.kind for hit in search.find(work, acme.id, "ann")]
    assert kinds == ["group"] * 3 + ["account"] * 3


def test_folding_twice_is_folding_once():
    for text in ("İstanbul", "Straße", "ﬁ", "Ǆ", "ΣΊΣΥΦΟΣ", "Łódź", "Ǆ"):
        assert fold(fold(text)) == fold(text)


def test_nobody_fills_the_index_by_a_name():
    assert len(words(" ".join(f"w{n}" for n in range(500)))) <= 40
    assert max(map(len, words("x" * 256))) <= 128


def test_a_domain_is_found_until_it_is_given_up(work, acme):
    from idp.directory import domains

    added = domains.add(work, "acme", "blue-garden.example")
    assert found(work, acme, "garden") == [("domain", "blue-garden.example")]

    domains.remove(work, "acme", added.id)

    assert found(work, acme, "garden") == []


def test_nothing_is_left_of_an_erased_account_to_find_it_by(work, acme, an_account):
    from dataclasses import replace
    from datetime import timedelta

    from idp.directory import lifetime

    ann = an_account()
    lifetime.schedule_deletion(work, ann.id, organization_id=acme.id)
    later = replace(work, now=work.now + timedelta(days=15))
    lifetime.handler(())(later, {"organization_id": acme.id, "account_id": ann.id})

    assert ann.erased_at is not None
    assert work.tx.session.query(SearchWord).filter_by(target_id=ann.id).count() == 0


@pytest.mark.both_databases
def test_searching_reads_no_table_from_end_to_end(work, database, acme, an_account):
    an_account()
    engine, seen = database.engine, []
    from sqlalchemy import event

    def note(connection, cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    search.find(work, acme.id, "ann exa")
    event.remove(engine, "before_cursor_execute", note)

    assert len(seen) > 1
    connection = work.tx.connection
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    explain = "EXPLAIN " if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    for statement, parameters in seen:
        plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explain + statement, parameters))
        assert "Seq Scan" not in plan
        assert "SCAN search_words" not in plan
        assert "SCAN accounts" not in plan
