"""RFC 8628 as it is meant: the example of the documentation asks, a person in a browser lets it in, or keeps it out."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.oidc import PASSWORD, running
from tests.oidc.devices import television
from tests.oidc.support import ANN, Place
from tests.support import chromium

__all__ = ["running"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.journey,
    pytest.mark.skipif(chromium.executable() is None, reason=chromium.MISSING),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: `apt-get install curl`"),
]

EXAMPLE = Path(__file__).parents[2] / "docs" / "integrate" / "openid-connect.md"
ASKS_WHO_IT_IS = 'curl -sS "$issuer/oauth2/userinfo" -H "Authorization: Bearer $(echo "$answer" | said access_token)"'


def device(running: Place, client_id: str) -> subprocess.Popen[str]:
    """Run the device of the documentation, for this server and this client."""
    (script,) = re.findall(r"```sh\nissuer=\S+ client=\S+\n(.*?)```", EXAMPLE.read_text(encoding="utf-8"), re.S)
    ours = f"set -eu; issuer={running.address}/sites/acme client={client_id}\n{script}\n{ASKS_WHO_IT_IS}\n"
    return subprocess.Popen(["/bin/sh", "-c", ours], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_script_is_let_in_or_kept_out(running, allowed):
    client = television(running)
    script = device(running, client.client_id)
    address, code = re.fullmatch(r"Open (\S+) and type in (\S+)\n", script.stdout.readline()).groups()
    try:
        with chromium.launched() as browser:
            tab = browser.new_page()
            tab.goto(address)
            tab.fill("[name=user_code]", code.lower().replace("-", " "))
            tab.click("text=Continue")
            tab.fill("[name=username]", ANN)
            tab.fill("[name=password]", PASSWORD)
            tab.click("main form button[type=submit]")
            tab.click("text=Share and continue")
            assert tab.locator("h1").inner_text() == "Let this device in?"
            assert code in tab.locator("main").inner_text()
            assert "a program that calls itself “curl”" in tab.locator("main").inner_text()
            assert "the network of this browser" in tab.locator("main").inner_text()
            running.later(seconds=5)  # the clock of this server stands; the script's does not
            tab.click(f"text={'Let it in' if allowed else 'Keep it out'}")
            assert tab.locator("h1").inner_text() == ("The device is in" if allowed else "The device stays out")
        rest = script.stdout.read()
        assert script.wait(30) == (0 if allowed else 1), rest
    finally:
        script.kill()
        script.stdout.close()

    assert (json.loads(rest)["email"] == ANN) if allowed else (json.loads(rest)["error"] == "access_denied")
