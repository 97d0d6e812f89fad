"""
Secrets that came to be as they do, by pages, protocols and verbs: none is in any output but its own (T7, T18).

Beside `tests/web/console/test_secrets_nowhere.py`, which looks for what stands in the tables: here are mails, notices,
files, the log, audit entries, attempts and calls, answers of SCIM and of protocols, and pages of everybody.
"""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from idp.directory import queries
from idp.oidc import apis
from idp.oidc.registration import initial_tokens
from idp.provisioning.targets import editing
from idp.signon import password_reset
from idp.signon.factors import recovery, temporary_pass
from idp.web.security import ADMINISTRATOR, SIGNED_IN
from tests.support.console_routes import routes
from tests.support.doors_matrix import TABLE as DOORS
from tests.support.doors_matrix import Doors
from tests.support.front import BEN, DORA, PASSWORD, SECRET
from tests.support.people_matrix import People
from tests.support.scim_matrix import TABLE as SCIM
from tests.support.scim_matrix import Directories
from tests.support.two_tenants import Things

NEW_PASSWORD = "canary sails around the quiet cape 5"
TARGET_TOKEN = "canary-of-the-far-end-7421"
OWN = {("offered seed", "/account/authenticators/new"), ("refresh token", "POST oidc_clients.token")}
"""Where a secret is shown, or handed out, to whoever it is for."""


class Planted:
    """Every secret by its name, and the mails that went out on the way."""

    def __init__(self, tenants) -> None:
        self.tenants, self.front = tenants, tenants.front
        self.people = People(tenants)
        self.ann = self.people.browser
        self.found = {"password": PASSWORD, "seed": base64.b32encode(SECRET).decode().rstrip("=")}
        self._by_protocols()
        self._by_pages()
        self._by_verbs()
        self.found["session"] = self.ann.client.get_cookie("ostiary_session").value
        self.mails = self.front.mails()
        for mail in self.mails:
            for link in mail.links:
                token = link.rpartition("/")[2]
                if len(token) > 40:
                    self.found[f"link to {mail.to}: {mail.subject}"] = token
        tenants.keep()

    def _by_protocols(self) -> None:
        self.doors, self.directories = Doors(self.tenants, self.ann), Directories(self.tenants)
        for name, client in {**self.doors.clients, **{f"device {k}": v for k, v in self.doors.devices.items()}}.items():
            if name != "nobody":
                self.found[f"secret of {name}"] = client.secret
                self.found[f"registration of {name}"] = client.registration[1]
        own = self.doors.clients["own"]
        self.found |= {"access token": own.token, "refresh token": own.refresh, "code": self.doors.unused}
        for name in ("mine", "other", "theirs"):
            self.found[f"SCIM token of {name}"] = getattr(self.directories, name).token
        self.found = {name: secret for name, secret in self.found.items() if secret}

    def _by_pages(self) -> None:
        ann = self.ann
        ann.open("/account/recovery-codes").submit("codes")
        codes = ann.page.xpath("//main//li/code/text() | //main//li/text()")
        self.found |= {f"code {at}": one for at, one in enumerate(codes) if one.count("-") == 3}
        api = self.people.ann.has["api_id"]
        token = ann.open(f"/account/tokens/new/{api}").page.xpath("//input[@name='csrf_token']/@value")[0]
        sent = {"csrf_token": token, "label": "Report", "days": "7", "scope": "orders:read"}
        ann.post(f"/account/tokens/new/{api}", sent)
        self.found["API token"] = ann.page.xpath("//main//@data-copy | //main//code/text()")[0]
        ann.open("/account/authenticators/new")
        self.found["offered seed"] = "".join(ann.page.xpath("string(//*[@data-copy]/@data-copy)").split())
        ann.open("/account/password").submit(current_password=PASSWORD, new_password=NEW_PASSWORD)
        self.found["new password"] = NEW_PASSWORD

    def _by_verbs(self) -> None:
        with self.front.work() as work:
            _, self.found["API secret"] = apis.create(work, "acme", identifier="https://more.example/", name="More")
            _, self.found["initial token"] = initial_tokens.create(work, "acme", name="Build server")
            _, self.found["temporary pass"] = temporary_pass.make(work, BEN)
            editing.set_token(work, self.people.things.okta, TARGET_TOKEN)
            self.found["token of a target"] = TARGET_TOKEN
            account = queries.account(work, DORA, organization_id=self.tenants.ours)
            self.found |= {f"Dora's code {at}": one for at, one in enumerate(recovery.make(work, account))}
            password_reset.mail_reset(work, account, asked_from="")

    def said(self, text: str) -> list[str]:
        """Return the names of the secrets that are in *text*, as they are or without the signs between."""
        return [name for name, secret in self.found.items() if secret in text or secret.replace("-", "") in text]


class _Lines(logging.Handler):
    """Keeps what libraries log, at whatever level."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _logged(lines: list[str]) -> Iterator[None]:
    """Keep every line of ours and of libraries in *lines*, at DEBUG."""
    root, handler = logging.getLogger(), _Lines(lines)
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        with structlog.testing.capture_logs() as ours:
            yield
        lines += map(str, ours)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture(scope="module")
def log():
    return []


@pytest.fixture(scope="module")
def planted(tenants, log):
    with _logged(log):
        made = Planted(tenants)
    assert len(made.found) > 50
    assert "API token" in made.found
    assert sum(name.startswith("link to") for name in made.found) > 7
    return made


@pytest.fixture(scope="module")
def answers(planted, tenants, log):
    """What everybody is answered: pages of the console and of people, in another browser; protocols, SCIM; refusals."""
    browser = planted.front.app.test_client()
    browser.set_cookie("ostiary_session", planted.found["session"])
    things, has = Things(tenants, tenants.ours), planted.people.ann.has
    paths = [one.path(things.values(one.rule)) for one in routes(planted.front.app, "GET", ADMINISTRATOR)]
    paths += [one.path(has) for one in routes(planted.front.app, "GET", SIGNED_IN)]
    found = []
    with _logged(log):
        for path in dict.fromkeys([*tenants.special, *paths]):
            answer = browser.get(path)
            found.append((path, answer.status_code, answer.text + str(answer.headers)))
        token = planted.ann.open("/account/data").page.xpath("//input[@name='csrf_token']/@value")[0]
        mine = planted.ann.client.post("/account/data", data={"csrf_token": token})
        found.append(("POST /account/data", mine.status_code, mine.text))
        for (method, endpoint), door in DOORS.items():
            for who in ("own", "beside", "foreign"):
                answer = planted.doors.ask(door, method, who)
                found.append((f"{method} {endpoint}", answer.status_code, answer.text))
                tenants.restore()
        for (method, endpoint), good in SCIM.items():
            for ids in (planted.directories.own, planted.directories.beside):
                answer = planted.directories.call(method, good, ids)
                found.append((f"{method} {endpoint}", answer.status_code, answer.text))
                tenants.restore()
    return found


def test_t7_no_mail_has_a_secret_but_the_link_that_it_brings(planted):
    wrong = []
    for mail in planted.mails:
        own = f"link to {mail.to}: {mail.subject}"
        wrong += [(mail.to, mail.subject, name) for name in planted.said(f"{mail.subject} {mail.text}") if name != own]

    assert len(planted.mails) > 15
    assert wrong == []


def test_t7_no_page_file_or_answer_has_one(planted, answers):
    wrong = [
        (place, status, name)
        for place, status, text in answers
        for name in planted.said(text)
        if (name, place) not in OWN and not (name.startswith("registration of") and "oidc_registration" in place)
    ]

    assert sum(status == 200 for _, status, _ in answers) > 200
    assert {place for place, _, _ in answers if place.endswith(".csv")} != set()
    assert wrong == []


def test_t18_no_line_of_the_log_has_one(planted, answers, log):
    assert sum("'event': 'request'" in line for line in log) > 400
    assert [(line, names) for line in log if (names := planted.said(line))] == []


def test_t7_no_table_keeps_one_as_it_was_given_out(planted, tenants):
    """Hashed or sealed everywhere; entries, attempts, notices, calls and runs have none at all."""
    wrong, rows = [], 0
    for table, columns in tenants.tables.items():
        for row in tenants.rows(f"SELECT * FROM {table}"):
            rows += 1
            for column, value in zip(columns, row, strict=True):
                if value and (names := planted.said(str(value))):
                    wrong.append((table, column, names))

    assert rows > 700
    assert wrong == []
