"""`idp demo`: a newcomer's first quarter of an hour, with the sample applications at the far end."""

import json
import re
import subprocess
import sys
import time
from urllib.parse import urljoin

import httpx
import pytest
from lxml import html

from tests.support import walk

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def told(folder):
    """The demo, running; what it printed when it was ready."""
    command = [sys.executable, "-m", "idp", "demo", "--json", "--folder", str(folder), "--port", str(walk.free_ports())]
    with walk.running(command) as printed:
        yield printed


@pytest.fixture
def browser():
    """Return a function that opens a fresh browser."""
    opened = []

    def fresh():
        opened.append(Browser())
        return opened[-1]

    yield fresh
    for one in opened:
        one.client.close()


class Browser:
    """A browser without scripts: follows redirects, submits forms as they stand with what is typed."""

    def __init__(self) -> None:
        self.client = httpx.Client(follow_redirects=True, timeout=30)
        self.answer: httpx.Response | None = None

    def open(self, address):
        self.answer = self.client.get(address)
        return self

    def submit(self, path="//main//form", **typed):
        form = html.fromstring(self.answer.text).xpath(path)[0]
        values = {i.get("name"): i.get("value", "") for i in form.xpath(".//input[@name]")} | typed
        self.answer = self.client.post(urljoin(str(self.answer.url), form.get("action")), data=values)
        return self

    def refreshed(self):
        """Go where the page goes by itself; say whether there was such a place."""
        found = html.fromstring(self.answer.text).xpath("//meta[@http-equiv='refresh']/@content")
        if not found:
            return False
        self.open(urljoin(str(self.answer.url), found[0].partition("url=")[2]))
        return True

    @property
    def heading(self):
        return " ".join(html.fromstring(self.answer.text).xpath("string(//h1)").split())

    @property
    def told(self):
        """What a sample shows of the person, by attribute."""
        page = html.fromstring(self.answer.text)
        return {
            dd.get("data-attribute"): [" ".join(v.split()) for v in dd.xpath("./bdi/text()")]
            for dd in page.xpath("//dd[@data-attribute]")
        }


@pytest.fixture
def signed_on(told, browser):
    """Return a function that signs somebody on to the wiki, in a browser of their own."""

    def sign_on(name):
        page, who = browser().open(told["wiki"]).submit(), walk.person(told, name)
        page.submit(username=who["email"], password=who["password"])
        page.submit(otp=walk.Codes(told, name).next())
        assert "SAMLResponse" in page.answer.text, page.answer.text
        return page.submit("//form[.//input[@name='SAMLResponse']]")

    return sign_on


def test_the_wiki_is_told_who_ann_is_and_the_notebook_asks_for_nothing(signed_on, told):
    page = signed_on("ann")
    assert str(page.answer.url) == f"{told['wiki']}/"
    assert page.heading == "You are signed in, Ann Archer"
    values = [value for found in page.told.values() for value in found]
    assert {"ann@acme.example", "Ann Archer", "Finance", "Staff"} <= set(values)

    page.open(told["notebook"]).submit()

    assert page.heading == "You are signed in, Ann Archer"
    assert page.told["email"] == ["ann@acme.example"]
    assert page.told["groups"] == ["Finance", "Staff"]


def test_the_launcher_leads_to_both(signed_on, told):
    page = signed_on("olga")
    launcher = html.fromstring(page.open(told["address"]).answer.text)

    names = " ".join(launcher.xpath("string(//main)").split())
    assert "Sample wiki" in names
    assert "Sample notebook" in names
    links = launcher.xpath("//main//a[contains(., 'Sample notebook')]/@href")
    assert page.open(urljoin(told["address"], links[0])).heading == "You are signed in, Olga Owner"


def mailed_to(told, email, subject):
    """The newest mail to *email* with that subject; mails go out every few seconds."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        mails = httpx.get(f"{told['mailbox']}/mails.json", timeout=30).json()
        found = [mail for mail in mails if mail["to"] == email and subject in mail["subject"]]
        if found:
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no mail to {email} came: {mails}")


def test_a_forgotten_password_is_set_anew_by_the_mailbox_and_the_second_step_is_still_asked_for(told, browser):
    page, who = browser().open(told["wiki"]).submit(), walk.person(told, "nils")
    link = html.fromstring(page.answer.text).xpath("//a[contains(., 'Forgotten your password?')]/@href")[0]
    page.open(urljoin(told["address"], link)).submit(username=who["email"])
    assert page.heading == "Look into your mail"

    mailed_to(told, who["email"], "Set a new password")
    shown = html.fromstring(page.open(told["mailbox"]).answer.text)
    [address] = shown.xpath(f"//section[@data-to='{who['email']}']//a[contains(@href, '/recover/')]/@href")
    assert address.startswith(f"{told['address']}/recover/rst_")
    page.open(address).submit(new_password="a windmill of seven sails")
    assert page.heading == "Your password is set"

    page.open(told["address"]).submit(username=who["email"], password="a windmill of seven sails")
    assert page.heading == "Second step"
    page.submit(otp=walk.Codes(told, "nils").next())
    assert page.heading == "Your applications"
    assert "/not-me/" in mailed_to(told, who["email"], "Password of your account changed")["text"]
    assert browser().open(address).answer.status_code == 410


def test_the_mailbox_shows_nothing_under_another_name(told):
    """A page elsewhere that lets its own name lead to this machine reads no mail."""
    assert httpx.get(f"{told['mailbox']}/mails.json", headers={"Host": "evil.example"}, timeout=30).status_code == 400


def test_signing_out_at_the_notebook_ends_the_session(signed_on, told):
    page = signed_on("arne").open(told["notebook"]).submit()
    page.submit("//form[@action='/sign-out']")
    while "sample" not in page.answer.text.lower() and html.fromstring(page.answer.text).xpath("//main//form"):
        page.submit()

    assert page.open(told["notebook"]).heading == "Welcome"
    page.submit()
    assert html.fromstring(page.answer.text).xpath("//input[@name='password']")


def test_signing_out_at_the_wiki_ends_the_session(signed_on, told):
    page = signed_on("ann").submit("//form[@action='/sign-out']")

    assert page.open(told["wiki"]).heading == "Welcome"
    page.submit()
    assert html.fromstring(page.answer.text).xpath("//input[@name='password']")


def test_signing_out_at_ostiary_signs_out_of_both(signed_on, told):
    """The notebook is told from Ostiary, the wiki by the browser; the page says what each has answered."""
    page = signed_on("ann")
    page.open(told["notebook"]).submit()
    assert page.open(told["notebook"]).heading == "You are signed in, Ann Archer"

    page.open(f"{told['address']}/signout").submit()

    headings = [page.heading]
    while page.refreshed():
        headings.append(page.heading)
    assert headings == ["Signing out of Sample wiki…", "You are signed out"]
    text = html.fromstring(page.answer.text).xpath("//main")[0].text_content()
    assert text.count("confirmed") == 2 + 1  # one word for each application, and the sentence above
    assert page.open(told["notebook"]).heading == "Welcome"
    assert page.open(told["wiki"]).heading == "Welcome"


def test_signing_out_at_the_wiki_signs_out_of_the_notebook(signed_on, told):
    page = signed_on("arne")
    page.open(told["notebook"]).submit()

    page.open(told["wiki"]).submit("//form[@action='/sign-out']")

    assert str(page.answer.url) == f"{told['wiki']}/"
    assert page.open(told["notebook"]).heading == "Welcome"


def test_signing_out_at_the_notebook_signs_out_of_the_wiki(signed_on, told):
    page = signed_on("olga")
    page.open(told["notebook"]).submit()

    page.submit("//form[@action='/sign-out']")
    assert page.heading == "Signing out of Sample wiki…"
    while page.refreshed():
        pass

    assert str(page.answer.url) == f"{told['notebook']}/"
    assert page.open(told["wiki"]).heading == "Welcome"


def test_who_has_left_is_not_let_in(told, browser):
    dora = next(p for p in told["people"] if p["disabled"])

    page = browser().open(told["wiki"]).submit().submit(username=dora["email"], password=dora["password"])

    assert page.answer.status_code == 422
    assert html.fromstring(page.answer.text).xpath("//input[@name='password']")


def test_the_wiki_refuses_an_answer_that_was_changed(told, browser):
    """The sample checks what it is told: a response without a good signature signs nobody in."""
    fresh = browser().open(told["wiki"])

    refused = fresh.client.post(f"{told['wiki']}/acs", data={"SAMLResponse": "PHg+", "RelayState": "/"})

    assert refused.status_code == 400
    assert fresh.open(told["wiki"]).heading == "Welcome"


def test_a_second_start_finds_the_same_people(folder, told):
    from idp.cli import demo_people

    known = demo_people.load_or_make(folder / "people.json")

    assert [person.as_json() for person in known.people] == [
        {**person, "groups": tuple(person["groups"])} for person in told["people"]
    ]
    assert (folder / "people.json").stat().st_mode & 0o777 == 0o600


def test_in_a_terminal_it_prints_addresses_people_and_a_code_to_scan(folder, told, capfd):
    """The words, not the JSON: a second start of the same trial cannot take the ports, so they are asked for here."""
    from idp.cli import demo, demo_people
    from idp.settings import load

    place = demo.Place(folder, load(folder / "config.yaml"))
    words = demo._words(place, demo_people.load_or_make(folder / "people.json"))

    assert told["totp_secret"] in words
    assert all(person["password"] in words for person in told["people"])
    assert all(address in words for address in (told["wiki"], told["notebook"], told["mailbox"], told["address"]))
    assert re.search("[▀▄█]", words)


def test_another_start_beside_it_is_refused_in_plain_words(folder, told):
    ran = subprocess.run(
        [sys.executable, "-m", "idp", "demo", "--json", "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 6
    assert "Cannot listen" in json.loads(ran.stderr.splitlines()[-1])["message"]
