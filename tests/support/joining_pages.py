"""Walks to the pages of joining, of asking for access, of why something does not open, and of a person's API tokens."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from idp.directory import applications, join_rules, queries
from idp.oidc import api_scopes, apis
from tests.support.front import DORA, Front

if TYPE_CHECKING:
    from tests.support.pictures import Walk

ORDERS = "https://api.acme.example/orders"


def joining_pages(front: Front, walk: "Walk") -> Iterator[tuple[str, "Walk"]]:
    """Walk to the pages of somebody who joins by an address of Acme's and has to be approved."""
    with front.work() as work:
        join_rules.create(work, "acme.example", organization="acme")
    walk.open("/join/acme")
    yield "join", walk
    walk.tab.fill("[name=name]", "Zoe Zephyr")
    walk.tab.evaluate("document.querySelector('main form').noValidate = true")
    walk.tab.fill("[name=email]", "nothing like an address")
    walk.go()
    yield "join-wrong", walk
    walk.tab.fill("[name=email]", "zoe@acme.example")
    front.mails()
    walk.go()
    yield "join-sent", walk
    [mail] = front.mails()
    walk.open(mail.path)
    yield "joining", walk
    walk.go()
    yield "joining-done", walk
    walk.open(mail.path)
    yield "joining-over", walk


def asking_pages(front: Front, walk: "Walk") -> Iterator[tuple[str, "Walk"]]:
    """Walk to the pages where Dora asks for access, reads why something does not open, and makes an API token."""
    with front.work() as work:
        ledger = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Ledger")
        ledger.requestable = True
        orders, _ = apis.create(work, "acme", identifier=ORDERS, name="Orders", takes_api_tokens=True)
        api_scopes.add(work, orders.id, "orders:read", "See orders")
        api_scopes.grant(work, orders.id, "orders:read", everyone=True)
    front.later(minutes=1)  # the next code
    walk.open("/")
    walk.password(DORA)
    walk.code()
    for name, path in (
        ("recover-asked-anew", "/recover"),
        ("recover-sent-anew", "/recover/sent"),
    ):
        walk.open(path)
        yield name, walk
    for name, path, words in (
        ("authenticator-remove", "/account/signing-in", "/remove"),
        ("not-me-sign-in", "/account/history", "/not-me/"),
    ):
        walk.open(path)
        walk.open(walk.tab.locator(f"main a[href*='{words}']").first.get_attribute("href"))
        yield name, walk
    walk.open(f"/why/{ledger.id}")
    yield "why", walk
    walk.open(f"/why/{front.application_ids['Wiki']}")
    yield "why-not-asked-for", walk
    walk.open(f"/requests?application={ledger.id}")
    yield "requests", walk
    walk.tab.fill("[name=reason]", "I close the books in March.")
    walk.press("Ask for access")
    yield "requests-asked", walk
    walk.open(f"/account/tokens/new/{orders.id}")
    yield "token-new", walk
    walk.tab.evaluate("document.querySelector('main form').noValidate = true")
    walk.press("Make")
    yield "token-new-wrong", walk
    walk.tab.fill("[name=label]", "Nightly report")
    walk.tab.check("[name=scope]")
    walk.press("Make")
    yield "token-made", walk
    walk.open("/account/tokens")
    yield "account-tokens-some", walk
