"""
The walk of docs/operate/policies.md, taken: a scratch installation, people who sign in through its pages, commands.

``python -m tests.support.policy_walk`` writes what the commands print into the page, between its marks. A test
takes the walk again and fails where the page no longer tells the truth. Only references of attempts are masked.
"""

import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp

from idp.app import create
from idp.base import clock
from idp.cli.context import open_database
from idp.cli.main import run
from idp.settings import load
from tests.support.visitor import Visitor

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "operate" / "policies.md"
MARK = re.compile(r"(<!-- walk: ([a-z-]+) -->\n)```[a-z]*\n.*?```\n", re.S)
PASSWORD = "a quiet garden gate 7"
SECRETS = {
    "olga@harbour.example": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "carla@harbour.example": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
}
OFFICE, HOME, HOTEL, ABROAD = "203.0.113.40", "198.51.100.12", "198.51.100.77", "192.0.2.200"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
MONDAY = datetime(2030, 3, 4, 8, 30, tzinfo=UTC)
TODAY = datetime(2030, 3, 25, 9, 0, tzinfo=UTC)

OUTSIDE = {
    "name": "Outside the office",
    "conditions": {"networks": {"except_zones": ["Office"]}},
    "answer": {"effect": "require", "strength": "second-step"},
}
NEVER_ABROAD = {
    "name": "Never from there",
    "conditions": {"networks": {"zones": ["Never"]}},
    "text": "Sign-ins from this network are not accepted. Call the helpdesk: 4711.",
}
TRYING = {
    "guards": [{**NEVER_ABROAD, "mode": "report-only"}],
    "rules": [{**OUTSIDE, "mode": "report-only"}],
}
ON = {"guards": [NEVER_ABROAD], "rules": [OUTSIDE]}
TOO_STRICT = {
    "guards": [NEVER_ABROAD],
    "rules": [{**OUTSIDE, "name": "Office only", "answer": {"effect": "deny", "text": "Only in the office."}}],
}
DOCUMENTS = {"trying.json": TRYING, "on.json": ON, "too-strict.json": TOO_STRICT}


class Walk:
    """The scratch installation, and the time there."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.yaml"
        self.folder = folder
        self.now = MONDAY - timedelta(days=3)
        for name, document in DOCUMENTS.items():
            (folder / name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def idp(self, words: str, stdin: str = "") -> str:
        """Run a command as somebody would type it in the folder; return what it prints."""
        out = io.StringIO()
        given = [str(self.folder / word) if word in DOCUMENTS else word for word in _split(words)]
        with redirect_stdout(out), redirect_stderr(out), _typed(stdin):
            run([*given, "--config", str(self.config)])
        return out.getvalue()

    def sign_in(self, email: str, ip: str, agent: str = WINDOWS) -> None:
        """Let somebody sign in, as far as they get."""
        with open_database(load(self.config)) as database, redirect_stdout(io.StringIO()):
            client = create(load(self.config), database=database, clock=lambda: self.now).test_client()
            client.environ_base["REMOTE_ADDR"] = ip
            one = Visitor(client, headers={"User-Agent": agent})
            one.open("/").submit(username=email, password=PASSWORD)
            if email in SECRETS:
                one.submit(otp=pyotp.TOTP(SECRETS[email]).at(self.now))


def take() -> dict[str, str]:
    """Take the walk; return what each marked block of the page shows."""
    with tempfile.TemporaryDirectory() as name:
        walk = Walk(Path(name))
        with _clock(walk):
            _prepare(walk)
            return {mark: _masked(shown) for mark, shown in _steps(walk)}


def page(text: str, shown: dict[str, str]) -> str:
    """Return the page with what was *shown* in its marked blocks."""
    return MARK.sub(lambda found: f"{found[1]}```\n{shown[found[2]]}```\n", text)


def _prepare(walk: Walk) -> None:
    walk.idp("init")
    walk.idp("organization create harbour --name 'Harbour Logistics'")
    walk.idp("site create harbour --organization harbour --name Harbour")
    walk.idp("policy set --organization harbour --second-step optional")
    for email, name in (("olga", "Olga Owner"), ("ben", "Ben Baker"), ("carla", "Carla Chen"), ("dev", "Dev Dutta")):
        address = f"{email}@harbour.example"
        secret = f" --totp-secret {SECRETS[address]}" if address in SECRETS else ""
        admin = " --admin" if email == "olga" else ""
        walk.idp(
            f"account create {address} --organization harbour --name '{name}' --password-stdin{secret}{admin}",
            stdin=f"{PASSWORD}\n",
        )


def _steps(walk: Walk) -> Iterator[tuple[str, str]]:
    walk.now = MONDAY
    yield (
        "zones",
        _told(
            walk,
            "idp zone create Office --organization harbour --network 203.0.113.0/24",
            "idp zone create Never --organization harbour --network 192.0.2.0/24",
        ),
    )
    yield "trying", json.dumps(TRYING, indent=2) + "\n"
    yield "report-only", _told(walk, "idp access set Sessions --organization harbour --from-json trying.json")
    _three_weeks(walk)
    walk.now = TODAY
    yield "report", _told(walk, "idp access report --organization harbour --days 21")
    yield (
        "explain",
        _told(walk, "idp policy explain --account ben@harbour.example --ip 198.51.100.12 --at 2030-03-25T20:00Z"),
    )
    yield (
        "replay",
        _told(walk, "idp access replay --policy Sessions --organization harbour --from-json on.json --days 21"),
    )
    yield (
        "replay-strict",
        _told(walk, "idp access replay --policy Sessions --organization harbour --from-json too-strict.json --days 21"),
    )
    yield "replay-policy", _told(walk, "idp policy replay --organization harbour --second-step required --days 21")
    yield "on", _told(walk, "idp access set Sessions --organization harbour --from-json on.json")
    walk.now += timedelta(minutes=20)
    yield "refused", _told(walk, "idp access set Sessions --organization harbour --from-json too-strict.json")
    yield "try", _told(walk, "idp access set Sessions --organization harbour --from-json too-strict.json --try 15")
    walk.now += timedelta(minutes=15)
    yield "rolled-back", _told(walk, "idp jobs run", "idp access history Sessions --organization harbour")
    walk.now += timedelta(minutes=5)
    walk.sign_in("dev@harbour.example", ABROAD, PHONE)
    reference = json.loads(walk.idp("attempt list --refused --limit 1 --json"))[0]["id"]
    yield "attempt", _told(walk, f"idp attempt show {reference}")


def _three_weeks(walk: Walk) -> None:
    for day in range(0, 19, 2):
        walk.now = MONDAY + timedelta(days=day, hours=1)
        walk.sign_in("olga@harbour.example", HOME)
        walk.sign_in("ben@harbour.example", OFFICE)
        if day % 6 == 0:
            walk.sign_in("carla@harbour.example", HOTEL)
        if day % 4 == 0:
            walk.now += timedelta(hours=10)
            walk.sign_in("dev@harbour.example", HOTEL, PHONE)
    walk.now += timedelta(hours=1)
    walk.sign_in("ben@harbour.example", HOME)
    walk.sign_in("dev@harbour.example", ABROAD, PHONE)


def _told(walk: Walk, *commands: str) -> str:
    """Return the commands with what they print, as a terminal shows it."""
    return "\n".join(f"$ {command}\n{walk.idp(command.removeprefix('idp '))}" for command in commands)


def _masked(text: str) -> str:
    return re.sub(r"\b(att|req|acc|ses|acp|rul|zon)_[0-9a-z]{8,}", r"\1_…", text)


def _split(words: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", words)]


@contextmanager
def _typed(text: str) -> Iterator[None]:
    held, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = held


@contextmanager
def _clock(walk: Walk) -> Iterator[None]:
    """Let the clock stand where the walk is, and the machine's user be nobody in particular."""
    held: Any = clock.now
    user = os.environ.get("LOGNAME")
    clock.now, os.environ["LOGNAME"] = (lambda: walk.now), "operator"
    try:
        yield
    finally:
        clock.now = held
        os.environ.pop("LOGNAME")
        if user is not None:
            os.environ["LOGNAME"] = user


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), take()), encoding="utf-8")
