"""/account/tokens: a person makes an API token, keeps it, uses it, revokes it."""

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from threading import Thread
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from idp.directory import authentication_policy_changes
from idp.oidc import api_scopes, apis
from idp.oidc.api_tokens import own, text
from idp.oidc.models import ApiToken
from tests.support.front import ANN, BEN, PASSWORD

ORDERS = "https://api.acme.example/orders"
READ, WRITE = "orders:read", "orders:write"


@pytest.fixture
def orders(front):
    """An API where everyone may read orders, and Ann may write them."""
    with front.work() as work:
        made, secret = apis.create(work, "acme", identifier=ORDERS, name="Orders", takes_api_tokens=True)
        api_scopes.add(work, made.id, READ, "See orders")
        api_scopes.add(work, made.id, WRITE, "Change orders")
        api_scopes.grant(work, made.id, READ, everyone=True)
        api_scopes.grant(work, made.id, WRITE, account=ANN)
        return SimpleNamespace(id=made.id, secret=secret)


def introspect(front, orders, token):
    basic = base64.b64encode(f"{orders.id}:{orders.secret}".encode()).decode()
    return (
        front.app.test_client()
        .post(
            "/sites/acme/oauth2/introspect",
            data={"token": token},
            headers={"Authorization": f"Basic {basic}"},
        )
        .json
    )


def make(ann, orders, **typed) -> str:
    ann.open(f"/account/tokens/new/{orders.id}").submit(**{"label": "Nightly report", "scope": READ, **typed})
    return re.search(text.PATTERN, ann.text)[0]


def test_a_person_makes_a_token_is_told_and_revokes_it(front, ann, orders):
    ann.open("/account/tokens").follow("Make one")
    assert "See orders" in ann.text
    assert "Change orders" in ann.text
    assert ann.field("days").get("value") == "90"
    token = make(ann, orders, days="30")
    assert ann.path == "/account/tokens/made"
    assert introspect(front, orders, token)["scope"] == READ

    (mail,) = [one for one in front.mails() if "API token" in one.subject]
    assert "“Nightly report” was made on your account, for “Orders”" in mail.text
    assert "/not-me/" in mail.text
    assert token not in mail.text

    ann.submit("I have kept it")
    assert token not in ann.text
    assert f"ost_pat_…{token[-4:]}" in ann.text
    assert "not used yet" not in ann.text
    ann.open("/account/tokens/made")
    assert ann.path == "/account/tokens"
    ann.submit("Revoke")
    assert "Revoked." in ann.text
    assert "You have none." in ann.text
    assert introspect(front, orders, token) == {"active": False}


def test_all_are_revoked_at_once(front, ann, orders):
    tokens = [make(ann, orders, label=label) for label in ("One", "Two")]
    ann.open("/account/tokens").submit("Revoke all")
    assert "All of your tokens are revoked." in ann.text
    assert [introspect(front, orders, token) for token in tokens] == [{"active": False}] * 2


def test_it_takes_a_fresh_second_step(front, ann, orders):
    front.later(minutes=6)
    ann.open(f"/account/tokens/new/{orders.id}")
    assert ann.path.startswith("/signin/")
    ann.submit(password=PASSWORD).submit(otp=front.code())
    assert ann.path == f"/account/tokens/new/{orders.id}"
    front.later(minutes=6)
    ann.submit(label="Late", scope=READ)  # the form was open for too long
    assert ann.path.startswith("/signin/")
    with front.work() as work:
        assert not list(work.tx.session.scalars(sa.select(ApiToken)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label": " "}, "label"),
        ({"days": "366"}, "A token is good for 1 to 365 days."),
        ({"days": "many"}, "This is a whole number."),
        ({"days": "0"}, "A token is good for 1 to 365 days."),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(front, ann, orders, typed, said):
    ann.open(f"/account/tokens/new/{orders.id}")
    ann.submit(**{"label": "L", "scope": READ, "days": "9", **typed})
    assert ann.status == 422
    (field,) = typed
    assert ann.field(field).get("aria-invalid") == "true"
    if said != "label":
        assert said in ann.text


def test_t6_fields_of_the_row_are_not_taken(front, ann, orders):
    ann.open(f"/account/tokens/new/{orders.id}")
    values = {**ann.values("new/" + orders.id), "label": "L", "scope": READ, "days": "1"}
    for name in ("account_id", "organization_id", "expires_at", "token_hash", "revoked_at", "subject"):
        values[name] = front.account_ids[BEN]
    ann.post(f"/account/tokens/new/{orders.id}", values)
    with front.work() as work:
        (row,) = work.tx.session.scalars(sa.select(ApiToken))
        assert (row.account_id, row.revoked_at) == (front.account_ids[ANN], None)
        assert (row.expires_at - row.created_at).days == 1


def test_a_policy_that_blocks_says_so(front, ann, orders):
    token = make(ann, orders)
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"api_tokens_allowed": False})
    ann.open("/account/tokens")
    assert "Your organization lets you make no API tokens." in ann.text
    assert "not allowed by the policy" in ann.text
    ann.open(f"/account/tokens/new/{orders.id}")
    assert ann.path == "/account/tokens"
    assert introspect(front, orders, token) == {"active": False}


def test_not_me_ends_every_token(front, ann, orders):
    token = make(ann, orders)
    front.later(seconds=5)
    ann.open("/account").follow("This was not me")
    ann.submit()
    assert introspect(front, orders, token) == {"active": False}


def test_t7_the_own_data_has_them_without_a_secret(front, ann, orders):
    token = make(ann, orders)
    ann.open("/account/data")
    answer = ann.post("/account/data", ann.values("data")).answer
    (one,) = json.loads(answer.data)["api_tokens"]
    assert (one["label"], one["scope"], one["ending"]) == ("Nightly report", READ, token[-4:])
    assert token not in answer.text
    assert "hash" not in str(one)


def test_a_program_uses_an_api_that_asks_us(front, ann, orders):
    """The whole road over real HTTP: a program, an API of somebody else, and our introspection."""
    token = make(ann, orders)
    with front.served() as ours:

        def asked(token: str) -> dict:
            basic = base64.b64encode(f"{orders.id}:{orders.secret}".encode()).decode()
            request = urllib.request.Request(
                f"{ours}/sites/acme/oauth2/introspect",
                data=urllib.parse.urlencode({"token": token, "token_type_hint": "access_token"}).encode(),
                headers={"Authorization": f"Basic {basic}"},
            )
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)

        @Request.application
        def api(request: Request) -> Response:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            said = asked(token) if scheme == "Bearer" else {"active": False}
            if not said["active"] or said["aud"] != ORDERS:
                return Response("who are you?", 401)
            needed = READ if request.method == "GET" else WRITE
            return Response(
                "orders" if needed in said["scope"].split() else "no", 200 if needed in said["scope"] else 403
            )

        server = make_server("127.0.0.1", 0, api)
        Thread(target=server.serve_forever, daemon=True).start()

        def call(method: str) -> int:
            request = urllib.request.Request(
                f"http://127.0.0.1:{server.server_port}/", method=method, headers={"Authorization": f"Bearer {token}"}
            )
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code

        try:
            assert (call("GET"), call("POST")) == (200, 403)
            ann.open("/account/tokens").submit("Revoke")
            assert call("GET") == 401
        finally:
            server.shutdown()


def test_the_page_has_no_more_queries_with_many_tokens(front, ann, orders):
    seen: list[str] = []

    def count() -> int:
        seen.clear()
        sa.event.listen(front.database.engine, "before_cursor_execute", note)
        ann.open("/account/tokens")
        sa.event.remove(front.database.engine, "before_cursor_execute", note)
        return len(seen)

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    make(ann, orders)
    few = count()
    for number in range(8):
        make(ann, orders, label=f"Token {number}")
    assert count() == few
    assert own.MOST > 9
