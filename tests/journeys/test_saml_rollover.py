"""A new SAML key at a running installation, with pysaml2 at the far end: nobody notices, and it is known to have worked."""

import json
import subprocess
import sys
import time

import httpx
import pytest

from tests.journeys.test_demo import browser, folder, signed_on, told

pytestmark = pytest.mark.journey

__all__ = ["browser", "folder", "signed_on", "told"]

SETTLED = 6  # seconds after a switch: from then on no worker remembers the former key


@pytest.fixture
def idp(folder):
    """Return a function that runs a command on the demo, and returns what it prints as JSON."""

    def run(*words: str):
        command = [sys.executable, "-m", "idp", *words, "--config", str(folder / "config.yaml"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_key_is_changed_there_and_back_and_the_application_shows_that_it_took_it(idp, told, signed_on):
    (wiki,) = [one["id"] for one in idp("application", "list") if one["protocol"] == "saml"]
    slug = idp("site", "list")[0]["slug"]
    rollover = ("application", "saml", "rollover", wiki)
    idp("keys", "rotate", "--purpose", "saml-signing")
    assert httpx.get(idp(*rollover)["metadata_url"], headers={"User-Agent": "pysaml2"}, timeout=30).status_code == 200
    assert idp(*rollover)["rollover"]["fetched_by"] == "pysaml2"

    idp(*rollover, "--switch")
    time.sleep(SETTLED)
    page = signed_on("ann")
    assert page.heading == "You are signed in, Ann Archer"
    assert idp(*rollover)["rollover"]["standing"] == "answered"

    page.submit("//form[@action='/sign-out']")
    assert idp("keys", "campaign", slug)["rollovers"][0]["applications"][0]["standing"] == "proven"

    assert len(idp("keys", "campaign", slug, "--back-all")["moved"]) == 1
    assert signed_on("olga").heading == "You are signed in, Olga Owner"
