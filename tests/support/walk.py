"""
Walks through the demo with a real browser, as a newcomer would: `python -m tests.support.walk`.

Starts `make demo`, opens the wiki (SAML), signs in with password and code, looks at what it was
told; opens the notebook (OpenID Connect), which asks for nothing; signs out. Then somebody who
may open nothing, and somebody who must set up a second step.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pyotp

from tests.support import chromium
from tests.support.deployed import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def running(command: list[str]) -> Iterator[dict[str, Any]]:
    """Run the demo by *command* (which prints JSON when it is ready); yield what it printed."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield _told(process)
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to `make` and to what it runs
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        try:
            told = json.loads(said)
        except json.JSONDecodeError:
            continue
        return dict(told)
    raise AssertionError(f"the demo ended before it was ready: {said}")


def free_ports() -> int:
    """Return a port that is free together with the four after it."""
    while True:
        first = free_port()
        try:
            with ExitStack() as stack:
                for port in range(first, first + 5):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


def walk(page: Any, told: dict[str, Any]) -> None:
    """Sign on to both applications as Ann; sign out; see that it ended."""
    page.goto(told["wiki"])
    page.get_by_role("button", name="Sign in").click()
    _sign_in(page, told, "ann")
    _expect(page, told["wiki"], "You are signed in, Ann Archer")
    assert "ann@acme.example" in page.content(), "the wiki was told no e-mail address"
    assert "Finance" in page.content(), "the wiki was told no groups"

    page.goto(told["notebook"])
    page.get_by_role("button", name="Sign in").click()
    _expect(page, told["notebook"], "You are signed in, Ann Archer")
    assert "Finance" in page.content(), "the notebook was told no groups"

    page.goto(told["address"])
    assert "Sample wiki" in page.content(), "the launcher does not show the wiki"
    assert "Sample notebook" in page.content(), "the launcher does not show the notebook"
    page.goto(f"{told['address']}/signout")
    page.get_by_role("button", name="Sign out").click()
    page.goto(told["address"])
    assert page.locator("input[name=username]").is_visible(), "after signing out one is still signed in"


def walk_refused(page: Any, told: dict[str, Any]) -> None:
    """Nils may open nothing: he is told so, with a reference."""
    page.goto(told["wiki"])
    page.get_by_role("button", name="Sign in").click()
    _sign_in(page, told, "nils")
    page.get_by_text(re.compile("att_[a-z0-9]{26}")).wait_for()
    assert page.url.startswith(told["address"])


def walk_enrolment(page: Any, told: dict[str, Any]) -> None:
    """Ben has no second step: he sets one up on the way, and keeps his recovery codes."""
    page.goto(told["notebook"])
    page.get_by_role("button", name="Sign in").click()
    page.fill("input[name=username]", person(told, "ben")["email"])
    page.fill("input[name=password]", person(told, "ben")["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=otp]")
    secret = re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", page.inner_text("main"))
    assert secret is not None, page.inner_text("main")
    page.fill("input[name=otp]", pyotp.TOTP(secret.group().replace(" ", "")).now())
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/recovery-codes$"))
    assert len(re.findall(r"\b(?:[0-9a-z]{6}-){3}[0-9a-z]{6}\b", page.inner_text("main"))) == 10
    page.locator("main .actions button[type=submit]").click()
    _expect(page, told["notebook"], "You are signed in, Ben Brook")


class Codes:
    """Codes of somebody's authenticator. No time step is honoured twice, so the next one is waited for."""

    _used: ClassVar[set[tuple[str, int]]] = set()

    def __init__(self, told: dict[str, Any], name: str) -> None:
        self._totp, self._name = pyotp.TOTP(told["totp_secret"]), name

    def next(self) -> str:
        while (step := (self._name, int(time.time()) // 30)) in self._used:
            time.sleep(0.5)
        self._used.add(step)
        return self._totp.now()


def _sign_in(page: Any, told: dict[str, Any], name: str) -> None:
    who = person(told, name)
    page.fill("input[name=username]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=otp]")
    page.fill("input[name=otp]", Codes(told, name).next())
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def person(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(p for p in told["people"] if p["email"].startswith(name))


def _expect(page: Any, address: str, heading: str) -> None:
    page.wait_for_url(f"{address}/")
    assert page.inner_text("h1") == heading, page.inner_text("body")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arguments = f"--json --folder {folder}/demo --port {free_ports()}"
        command = ["make", "--silent", "demo", f"ARGS={arguments}"]
        with running(command) as told, chromium.launched() as browser:
            for step in (walk, walk_refused, walk_enrolment):
                page = browser.new_context().new_page()  # type: ignore[attr-defined]
                step(page, told)
                page.context.close()
                sys.stdout.write(f"{(step.__doc__ or '').splitlines()[0]} Done.\n")


if __name__ == "__main__":
    main()
