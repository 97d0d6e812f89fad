"""A site that lets clients register themselves, and programs that do."""

from typing import Any

from werkzeug.test import TestResponse

from idp.directory import sites
from idp.oidc.registration import initial_tokens
from tests.oidc.support import CALLBACK, Place, Registered

PATH = "/sites/acme/oauth2/register"
ASKED = {"client_name": "Notebook", "redirect_uris": [CALLBACK]}


def allow(place: Place, how: str, site: str = "acme", **switches: Any) -> None:
    """Let clients register themselves at *site*: ``off``, ``token``, ``open``."""
    with place.work() as work:
        sites.edit(work, site, client_registration=how, **switches)


def initial_token(place: Place, site: str = "acme", **values: Any) -> str:
    with place.work() as work:
        return initial_tokens.create(work, site, **({"name": "Build server"} | values))[1]


def register(place: Place, token: str | None = None, site: str = "acme", **changes: Any) -> TestResponse:
    """Register a client that is good but for *changes*; None leaves a field out."""
    asked = {name: value for name, value in (ASKED | changes).items() if value is not None}
    return place.app.test_client().post(f"/sites/{site}/oauth2/register", json=asked, headers=bearer(token))


def registered(place: Place, **changes: Any) -> dict[str, Any]:
    made = register(place, **changes)
    assert made.status_code == 201, made.text
    return made.json


def manage(place: Place, method: str, made: dict[str, Any], token: str | None = None, **values: Any) -> TestResponse:
    """Call the client configuration endpoint of *made* by its own token, unless another is given."""
    path = made["registration_client_uri"].removeprefix("http://localhost:8000")
    headers = bearer(made["registration_access_token"] if token is None else token)
    return place.app.test_client().open(path, method=method, headers=headers, **values)


def as_client(place: Place, made: dict[str, Any]) -> Registered:
    """The client of a registration's answer, as other tests know one."""
    from idp.oidc import client_facts

    with place.work() as work:
        facts = client_facts.of_id(work, made["client_id"])
        assert facts is not None
        return Registered(facts.application_id, made["client_id"], made.get("client_secret"), made)


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}
