"""
A NUL from outside never reaches a statement: PostgreSQL refuses it, and the answer would be a 500.

Every route, with a NUL in each part of its address; every form, with one in each field; every cookie.
"""

import pytest
from werkzeug.routing.converters import AnyConverter, NumberConverter

from tests.support.front import ANN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

pytestmark = pytest.mark.both_databases
NUL = "ac\x00me"
PARAMETERS = (
    "q", "done", "sp", "RelayState", "SAMLRequest", "SAMLResponse", "SigAlg", "Signature", "client_id", "redirect_uri",
    "response_type", "scope", "state", "nonce", "prompt", "login_hint", "claims", "id_token_hint", "logout_hint",
    "post_logout_redirect_uri", "ui_locales", "v",
)  # fmt: skip
FIELDS = (
    "organization", "username", "password", "otp", "recovery_code", "current_password", "new_password", "name",
    "token", "token_type_hint", "grant_type", "code", "refresh_token", "client_secret", "client_assertion",
    "client_assertion_type", "code_verifier", "access_token", "email", "email_code", "at",
)  # fmt: skip
COOKIES = ("ostiary_organization", "ostiary_session", "ostiary_browser", "ostiary_link")


def _addresses(app, method):
    """Every route that answers to *method*: with its parts as they may be, and with a NUL in each of them."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method not in rule.methods or rule.endpoint in ("static", "asked.error"):
                continue
            known = {"slug": "acme", "_step": "allow" if rule.endpoint.startswith("device.") else "password"}
            kinds = rule._converters
            numbers = {name for name, kind in kinds.items() if isinstance(kind, NumberConverter)}
            choices = {name: sorted(kind.items)[0] for name, kind in kinds.items() if isinstance(kind, AnyConverter)}
            good = dict.fromkeys(rule.arguments, "x") | dict.fromkeys(numbers, 1) | choices | known
            good = {name: good[name] for name in rule.arguments}
            found.append(rule.build(good)[1])
            found += [rule.build(good | {name: NUL})[1] for name in rule.arguments - numbers - {*choices}]
    return found


def _in_two_organizations(front):
    """With one organization nobody is asked for its name."""
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "other", name="Other")


def failed(status: int) -> bool:
    """A fault of ours; 501 is how SCIM says that something is not offered (RFC 7644 section 3.11)."""
    return status >= 500 and status != 501


@pytest.mark.parametrize("who", ["a stranger", "Ann"])
def test_in_any_address_and_query(front, who):
    make_administrator(front)
    one = signed_in(front) if who == "Ann" else Visitor(front.app.test_client())
    _in_two_organizations(front)
    seen = {}
    for address in _addresses(front.app, "GET"):
        for mark, query in (("", {}), ("?", dict.fromkeys(PARAMETERS, NUL))):
            with one.client.get(address, query_string=query) as answer:
                seen[address + mark] = answer.status_code

    assert len(seen) > 60
    assert {address: status for address, status in seen.items() if failed(status)} == {}


@pytest.mark.parametrize("who", ["a stranger", "Ann"])
def test_in_any_form(front, who):
    make_administrator(front)
    one = signed_in(front) if who == "Ann" else Visitor(front.app.test_client())
    _in_two_organizations(front)
    one.open("/organization")
    with front.app.test_request_context(headers={"Cookie": f"ostiary_browser={_cookie(one)}"}):
        from idp.web.security import csrf_token

        token = csrf_token()
    sent = dict.fromkeys((*PARAMETERS, *FIELDS), NUL) | {"csrf_token": token}
    seen = {}
    for address in _addresses(front.app, "POST"):
        if address.startswith(("/signout", "/account/sessions/end-others")) and who == "Ann":
            continue  # they take nothing that was typed, and would end the session that the others need
        answer = one.client.post(address, data=sent)
        # A fault that SOAP tells is told with this status, whatever it is (SOAP 1.1 section 6.2).
        seen[address] = 400 if b"Envelope" in answer.data[:200] else answer.status_code

    assert len(seen) > 25
    assert {address: status for address, status in seen.items() if failed(status)} == {}
    assert 403 not in {status for address, status in seen.items() if not address.startswith("/sites/")}


def test_in_the_forms_of_a_sign_on(front, visitor):
    visitor.open(front.ask())
    assert visitor.submit(username=NUL, password=PASSWORD).status == 422
    assert visitor.submit(username=f"{NUL}@acme.example", password=PASSWORD).status == 422
    assert visitor.submit(username=ANN, password=NUL).status == 422
    visitor.submit(username=ANN, password=PASSWORD)
    assert visitor.submit(otp=NUL).status == 422
    visitor.open(f"{visitor.path.removesuffix('/code')}/recovery")
    assert visitor.submit(recovery_code=NUL).status == 422


@pytest.mark.parametrize("name", COOKIES)
def test_in_any_cookie(front, name):
    _in_two_organizations(front)
    for value in ('"ac\\000me"', '"\\000' + "a" * 42 + '"'):
        for path in ("/", "/account", "/organization", "/sites/acme/saml/start?sp=x", "/signout"):
            assert front.app.test_client().get(path, headers={"Cookie": f"{name}={value}"}).status_code < 500


def _cookie(one):
    return one.client.get_cookie("ostiary_browser").value
