"""What anybody may open tells nothing of tenants, and does nothing with what another browser was given (T1, T2, T9, O9)."""

import pytest

from idp.signon import notices
from tests.support.front import ANN, DORA, PASSWORD
from tests.support.public_matrix import TABLE
from tests.support.two_tenants import CANARY, signed_in_to_acme
from tests.support.visitor import Visitor

NOTHING = "x" * 43


@pytest.fixture(scope="module")
def addresses(tenants):
    """The rules of each address that anybody may open, by method and endpoint."""
    return {
        (method, rule.endpoint): rule
        for rule in tenants.front.app.url_map.iter_rules()
        for method in rule.methods
        if (method, rule.endpoint) in TABLE
    }


@pytest.fixture(scope="module")
def ann(tenants):
    return signed_in_to_acme(tenants)


@pytest.fixture(scope="module")
def mails(tenants, ann):
    """A link of each kind, as it was mailed: of a recovery, of an invitation, of a notice, of joining, of a new address."""
    visitor = Visitor(tenants.front.app.test_client()).open("/organization").submit(organization="acme")
    visitor.open("/recover").submit(username=ANN)
    visitor.open("/join/acme").submit(name="Jo Joiner", email="jo@acme.example")
    where = "WHERE id = ? AND organization_id = ?"  # who is not managed has an address of their own
    tenants.write(
        f"UPDATE accounts SET managed_at = NULL, domain_id = NULL {where}", tenants.front.account_ids[ANN], tenants.ours
    )
    ann.open("/account/email").submit(email="ann.archer@acme.example")
    with tenants.front.work() as work:
        whose = {"organization_id": tenants.ours, "account_id": tenants.front.account_ids[ANN]}
        notices.notify(work, **whose, kind=notices.RECOVERY_CODES_MADE, facts={})
    found = {}
    for mail in (mail for mail in tenants.front.mails() if mail.to.endswith("@acme.example")):
        for link in mail.links:
            place, _, token = link.split("/", 3)[3].partition("/")
            if len(token) > 20 and "/" not in token:
                found[place] = token  # the latest of its kind: one before may be over
    tenants.keep()
    return found


def told(tenants, text):
    words = (CANARY, CANARY.title(), "Acme", "acme.example", "Archer", tenants.ours, tenants.theirs)
    return [one for one in words if one in text]


def path_of(addresses, key, values):
    rule = addresses[key]
    held = {**dict.fromkeys(rule.arguments, NOTHING), **values}
    kinds = {
        name: sorted(kind)[0] for name in rule.arguments if (kind := getattr(rule._converters[name], "items", None))
    }
    return rule.build({**held, **kinds}, append_unknown=False)[1]


def changed(tenants):
    return [*tenants.changed(tenants.ours), *tenants.changed(tenants.theirs)]


def form(client):
    """The token of a browser that was here before."""
    return Visitor(client).open("/organization").page.xpath("//input[@name='csrf_token']/@value")[0]


def test_t2_what_is_about_nobody_tells_nobody_of_tenants(tenants, addresses, ann):
    """To a stranger; signed in, a page may name the own organization, and never the neighbour's."""
    wrong, count = [], 0
    for key, about in TABLE.items():
        if key[0] != "GET" or about not in ("nothing", "link", "mailed"):
            continue
        path = path_of(addresses, key, {"filename": "mark.svg"})
        answer = tenants.front.app.test_client().get(path)
        count += 1
        if answer.status_code >= 500 or told(tenants, answer.text) or changed(tenants):
            wrong.append((path, answer.status_code, told(tenants, answer.text)))
        if CANARY in ann.client.get(path).text.lower():
            wrong.append((path, "of the neighbour"))
        tenants.restore()

    assert count > 20
    assert wrong == []


def test_t2_what_names_an_organization_a_site_or_a_picture_says_nothing_of_another(tenants, addresses):
    wrong, count = [], 0
    for key, about in TABLE.items():
        if key[0] != "GET" or about not in ("organization", "site", "picture"):
            continue
        for slug in ("acme", "nowhere"):
            answer = tenants.front.app.test_client().get(path_of(addresses, key, {"organization": slug, "slug": slug}))
            count += 1
            leaked = [one for one in (CANARY, CANARY.title(), tenants.ours, "ann@") if one in answer.text]
            there = slug == "acme" and about != "picture"
            if leaked or (answer.status_code == 200) != there:
                wrong.append((*key, slug, answer.status_code, leaked))

    assert count == 8
    assert wrong == []


def test_t1_a_file_beside_the_files_is_not_served(tenants):
    client = tenants.front.app.test_client()
    seen = {
        path: client.get(f"/static/{path}").status_code
        for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "/etc/passwd", "....//app.py", "..%5capp.py", ".", "")
    }

    assert {path: status for path, status in seen.items() if status not in (308, 404)} == {}


def test_x20_a_sign_on_of_another_browser_is_neither_shown_nor_carried_on(tenants, addresses):
    """Ann has typed her password; somebody else has the address of her page, and a form token of their own."""
    ann = Visitor(tenants.front.app.test_client())
    ann.open(tenants.front.ask()).submit(username=ANN, password=PASSWORD)
    handle = ann.path.split("/")[2]
    tenants.keep()
    pending = tenants.rows("SELECT * FROM pending_sign_ons")
    other = tenants.front.app.test_client()
    typed = {
        "csrf_token": form(other), "username": DORA, "password": PASSWORD, "otp": tenants.front.code(), "credential": "{}",
        "recovery_code": "x", "temporary_pass": "x", "new_password": "another quiet gate 8", "code": tenants.front.code(),
        "account_id": tenants.front.account_ids[ANN],
    }  # fmt: skip
    wrong, count = [], 0
    for key, about in TABLE.items():
        if about not in ("sign-on", "device", "logout"):
            continue
        path = path_of(addresses, key, {"handle": handle})
        for client in (other, tenants.front.app.test_client()):
            answer = client.open(path, method=key[0], data=typed if key[0] == "POST" else None)
            count += 1
            shown = [one for one in (ANN, "Archer", "Phone") if one in answer.text]
            cookies = [one for one in answer.headers.getlist("Set-Cookie") if "session" in one]
            same = tenants.rows("SELECT * FROM pending_sign_ons") == pending
            if answer.status_code in (200, 500) or shown or cookies or not same or changed(tenants):
                wrong.append((*key, answer.status_code, shown, cookies, same, changed(tenants)))
            tenants.restore()

    assert count > 70
    assert wrong == []


def test_o9_a_link_of_one_kind_opens_no_other_door(tenants, addresses, mails):
    """Each token that was mailed, held by a browser at every page of the others: it is over there, and still good at its own."""
    opens = {
        "recover": "recover.",
        "joining": "join.",
        "email": "account_email.",
        "not-me": "not_me.",
        "welcome": "recover.",
    }
    assert mails.keys() >= opens.keys()
    wrong, count, good = [], 0, 0
    for place, token in mails.items():
        client = tenants.front.app.test_client()
        csrf = form(client)
        for key, about in TABLE.items():
            own = key[1].startswith(opens[place])
            if about != "mailed" or (own and key[0] == "POST"):
                continue
            tenants.restore()
            client.get(f"/{place}/{token}")  # each time: a page at which it is over takes it from the browser
            sent = {"csrf_token": csrf, "new_password": "another quiet gate 8", "name": "Jo"}
            answer = client.open(path_of(addresses, key, {}), method=key[0], data=sent if key[0] == "POST" else None)
            count += 1
            good += own and answer.status_code == 200 and "form" in answer.text
            shown = [one for one in ("new_password", "Archer", "Joiner") if not own and one in answer.text]
            cookies = [one for one in answer.headers.getlist("Set-Cookie") if "session" in one]
            if shown or changed(tenants) or (cookies and not own):
                wrong.append((place, *key, answer.status_code, shown, cookies, changed(tenants)))
    tenants.restore()

    assert count > 25
    assert good >= len(opens)
    assert wrong == []


def test_a1_t2_a_form_for_everybody_says_the_same_of_who_is_there_and_who_is_not(tenants):
    """Recovery and joining: an address of an account, of the neighbour's, and of nobody."""
    wrong = []
    for path, field in (("/recover", "username"), ("/join/acme", "email")):
        said = {}
        for email in (ANN, "ann@quokka.example", "nobody@acme.example"):
            visitor = Visitor(tenants.front.app.test_client()).open("/organization").submit(organization="acme")
            visitor.open(path).submit(**{field: email, **({"name": "Jo"} if field == "email" else {})})
            said[email] = (visitor.path, visitor.status, visitor.text.replace(email, "it"))
            tenants.restore()
        if len(set(said.values())) != 1:
            wrong.append((path, said))

    assert wrong == []
