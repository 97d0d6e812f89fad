"""A running provider and a relying party on another site, for tests of logout in a real browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from idp.base.db import Database
from tests.journeys.oidc import _served
from tests.oidc.support import CHALLENGE, Place, Registered
from tests.support import chromium
from tests.support.deployed import free_port
from tests.support.relying_party import RelyingParty


class Running(Place):
    """A provider that is served at ``address``."""

    def cookie(self) -> dict[str, str]:
        """The cookie of a new session of Ann's, for Playwright."""
        value = self.browser().get_cookie("ostiary_session").value
        return {"name": "ostiary_session", "value": value, "url": self.address}


@pytest.fixture
def running(database_url, vault) -> Iterator[Running]:
    port = free_port()
    database = Database(database_url, vault, memory_seconds=0)
    place = Running(
        database, base_url=f"http://127.0.0.1:{port}", development={"allow_http_loopback_applications": True}
    )
    place.address = f"http://127.0.0.1:{port}"
    with _served(place, port):
        yield place
    database.dispose()


@pytest.fixture
def relying_party(running) -> Iterator[RelyingParty]:
    """A relying party at another origin of the same site; ``register`` makes it a client."""
    with RelyingParty(running.address, host="127.0.0.1").served() as served:
        served.register = lambda **metadata: register(running, served, **metadata)
        yield served


@pytest.fixture
def elsewhere(running) -> Iterator[RelyingParty]:
    """A relying party on another site, where our cookies are those of a third party."""
    with RelyingParty(running.address, host="localhost").served() as served:
        served.register = lambda **metadata: register(running, served, **metadata)
        yield served


def register(running: Running, party: RelyingParty, **metadata) -> Registered:
    """Make *party* a client of the provider."""
    return running.register(
        allow_http_loopback=True,
        redirect_uris=[f"{party.address}/callback"],
        post_logout_redirect_uris=[f"{party.address}/bye"],
        **metadata,
    )


@pytest.fixture
def tab(running, chrome, complaints):
    """
    Return a function that opens a tab in a browser of its own; Ann is signed in there unless told otherwise.

    These browsers keep the cookies of third parties from frames, as Chromium does unless its owner says otherwise.
    """
    opened = []

    def start(*, signed_in: bool = True, **options):
        context = chrome.new_context(reduced_motion="reduce", **options)
        opened.append(context)
        made = context.new_page()
        made.sign_in = lambda: context.add_cookies([running.cookie()])
        if signed_in:
            made.sign_in()
        complaints.listen(made)
        return made

    yield start
    for context in opened:
        context.close()


@contextmanager
def browser_of_its_own(chrome, folder: Path, *, third_parties: bool):
    """A browser whose owner has said whether it keeps the cookies of *third_parties*; its profile is in *folder*."""
    settings = folder / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    mode = {"cookie_controls_mode": 0 if third_parties else 1, "block_third_party_cookies": not third_parties}
    settings.write_text(json.dumps({"profile": mode}))
    context = chrome.browser_type.launch_persistent_context(
        str(folder), executable_path=chromium.executable(), args=["--no-sandbox", "--disable-gpu"]
    )
    yield context
    context.close()


@pytest.fixture
def lenient_tab(running, chrome, complaints, tmp_path):
    """A tab of Ann's in a browser whose owner lets frames have the cookies of third parties."""
    with browser_of_its_own(chrome, tmp_path / "profile", third_parties=True) as context:
        context.add_cookies([running.cookie()])
        made = context.new_page()
        complaints.listen(made)
        yield made


def sign_on(running: Running, page, client: Registered, **changes) -> dict[str, str]:
    """Let *page* sign on to *client*; return what the client is answered."""
    sent = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.registration["redirect_uris"][0],
        "scope": "openid",
        "state": "st4te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    page.goto(f"{running.address}/sites/acme/oauth2/authorize?{urlencode(sent)}")
    page.wait_for_url(f"{sent['redirect_uri']}**")
    page.wait_for_load_state("load")
    return dict(parse_qsl(urlsplit(page.url).query))
