"""What holds for every page: labels, landmarks, no inline anything, headers, sizes."""

import re

import pytest
from lxml import html

from idp.directory import policies
from idp.signon.factors import recovery
from idp.signon.factors.password import own_or_administered
from idp.web import render
from tests.support.front import ANN, BEN, DORA, PASSWORD, on_sqlite
from tests.support.visitor import Visitor


def every_page(front):
    """Walk to every page; yield its name and its answer."""
    one = Visitor(front.app.test_client())
    yield "sign-in", one.open(front.ask()).answer
    yield "sign-in-wrong", one.submit(username=ANN, password="wrong").answer
    yield "code", one.submit(username=ANN, password=PASSWORD).answer
    yield "code-wrong", one.submit(otp="1").answer
    one.open(front.ask(asks=("email", "groups"))).submit(username=BEN, password=PASSWORD)
    yield "enrol", one.answer
    one.submit(otp=front.code(one.page.xpath("//*[@data-copy]/@data-copy")[0]))
    yield "recovery-codes", one.answer
    yield "consent", one.submit().answer
    one.submit()
    for path in (
        *(
            "/",
            "/?q=nothing",
            "/arrange",
            "/requests",
            "/account",
            "/account/signing-in?done=password",
            "/account/password",
        ),
        *("/account/devices", "/account/applications", "/account/history", "/account/data", "/signout"),
    ):
        yield path, one.open(path).answer
    for path in ("/account/authenticators/new", "/account/recovery-codes"):
        yield path, one.open(path).answer
    yield "codes-made", one.submit().answer
    with front.work() as work:
        policies.set_second_step(work, "acme", "optional")
    yield "removing", one.open(_removal(one)).answer
    with front.work() as work:
        policies.set_second_step(work, "acme", "required")
    yield "signed-out", one.open("/signout").submit().answer
    yield "recovery", one.open(front.ask()).submit(username=ANN, password=PASSWORD).follow("recovery").answer
    dora = Visitor(front.app.test_client())
    dora.open(front.ask()).submit(username=DORA, password=PASSWORD).submit(otp=front.code())
    yield "no-access", dora.answer
    yield "no-tiles", dora.open("/").answer
    yield "lost", dora.open("/signin/sgn_nothing").answer
    for status in (403, 404, 405, 413, 429, 500, 503):
        yield f"error-{status}", dora.open(f"/asked/errors/{status}").answer


def _removal(one):
    return one.open("/account/signing-in").page.xpath("//a[contains(@href, '/remove')]/@href")[0]


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    front = on_sqlite(tmp_path_factory.mktemp("pages"))
    with front.work() as work:
        recovery.make(work, own_or_administered(work, front.account_ids[ANN], front.organization_id))
    return front


@pytest.fixture(scope="module")
def pages(front):
    return dict(every_page(front))


def test_every_field_has_a_label(pages):
    for name, answer in pages.items():
        page = html.fromstring(answer.text)
        for field in page.xpath("//input[not(@type='hidden')]"):
            labelled = page.xpath(f"//label[@for='{field.get('id')}']") or field.get("aria-hidden") == "true"
            assert labelled, f"{name}: {field.get('name')}"
            for described_by in (field.get("aria-describedby") or "").split():
                assert page.get_element_by_id(described_by) is not None


def test_every_page_has_its_landmarks(pages):
    for name, answer in pages.items():
        page = html.fromstring(answer.text)
        assert page.get("lang") == "en", name
        assert len(page.xpath("//main[@id='main']")) == 1, name
        assert len(page.xpath("//h1")) == 1, name
        assert page.xpath("//h1")[0].text_content().strip(), name
        assert page.xpath("//a[@href='#main']"), name
        assert "".join(page.xpath("//title/text()")).strip(" ·"), name
        assert len(page.xpath("//@id")) == len(set(page.xpath("//@id"))), f"{name}: an id twice"
        assert len(page.xpath("//*[@autofocus]")) <= 1, name
        assert not [i for i in page.xpath("//img") if i.get("alt") is None], name
        levels = [int(h.tag[1]) for h in page.xpath("//h1|//h2|//h3")]
        assert levels.count(1) == 1, name


def test_every_button_and_link_says_what_it_does(pages):
    for name, answer in pages.items():
        for control in html.fromstring(answer.text).xpath("//button|//a[@href]"):
            words = (control.get("aria-label") or control.text_content()).strip()
            assert words, name
            assert words.casefold() not in ("ok", "submit", "click here", "here"), name


def test_the_first_form_of_a_page_is_the_way_on(pages):
    for name, answer in pages.items():
        forms = html.fromstring(answer.text).xpath("//main//form")
        primary = [n for n, form in enumerate(forms) if form.xpath(".//button[contains(@class, 'primary')]")]
        assert primary in ([], [0]), name


def test_d19_no_page_has_an_inline_script_style_or_handler(pages):
    """D19: what the Content-Security-Policy forbids is not there to begin with."""
    for name, answer in pages.items():
        page = html.fromstring(answer.text)
        assert not page.xpath("//script[not(@src)]"), name
        assert not page.xpath("//style|//*[@style]"), name
        assert not [a for e in page.iter() for a in e.attrib if a.startswith("on")], name
        for address in page.xpath("//script/@src|//link/@href|//img/@src"):
            assert address.startswith("/"), f"{name}: {address}"


def test_d19_no_template_has_an_inline_script_style_or_handler():
    """D19: nor in the source of any template."""
    for template in render.templates_folder().rglob("*.html"):
        if template.parent.name == "email":
            continue
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", source), template
        assert "|safe" not in source.replace(" ", ""), template


def test_i4_every_answer_carries_the_headers(pages):
    """I4: pages of errors, too."""
    for name, answer in pages.items():
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"):
            assert part in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "no-referrer", name
        in_a_sign_on = answer.request.path.startswith(("/signin/", "/asked/"))
        kept_apart = "unsafe-none" if in_a_sign_on else "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == kept_apart, name
        assert answer.headers["Cache-Control"] == "no-store", name


def test_every_error_says_what_to_do_and_has_a_reference(pages):
    for name, answer in pages.items():
        if not name.startswith(("error-", "lost", "no-access")):
            continue
        page = html.fromstring(answer.text)
        assert re.search(r"Reference: (att|req)_[a-z0-9]{26}", page.text_content()), name
        assert page.xpath("//main//a[contains(@class, 'button')] | //main//button"), name
        assert "Invalid request" not in page.text_content(), name
        assert "Traceback" not in answer.text, name


def test_a_page_weighs_less_than_60_kb(pages, front):
    client = front.app.test_client()
    for name, answer in pages.items():
        page = html.fromstring(answer.text)
        parts = page.xpath("//script/@src|//link/@href|//img/@src")
        weight = len(answer.data) + sum(
            len(client.get(p, buffered=True).data) for p in parts if p.startswith("/static")
        )
        assert weight < 60_000, name


def test_small_files_stay_small():
    """No page loads more than 10 KB of scripts: those of its template and of what that includes."""
    assert (render.STATIC / "ostiary.css").stat().st_size < 25_000
    sizes = {script.name: script.stat().st_size for script in render.STATIC.glob("*.js")}
    assert sizes
    folder = render.templates_folder()

    def scripts(template: str) -> set[str]:
        text = (folder / template).read_text(encoding="utf-8")
        own = set(re.findall(r"static_url\('([^']+\.js)'\)", text))
        return own.union(*map(scripts, re.findall(r'{% (?:include|extends) "([^"]+)"', text)))

    weights = {}
    for file in folder.rglob("*.html"):
        name = str(file.relative_to(folder))
        weights[name] = sum(sizes[script] for script in scripts(name))
    assert weights["signin/password.html"] > sizes["ostiary.js"]
    assert {name: weight for name, weight in weights.items() if weight >= 10_000} == {}


def test_robots_and_icon_are_there(front):
    client = front.app.test_client()

    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert client.get("/favicon.ico", buffered=True).mimetype == "image/svg+xml"


def test_no_file_of_ours_comes_from_elsewhere():
    for file in render.STATIC.iterdir():
        foreign = re.findall(r"https?://[^\s\"')]+", file.read_text(encoding="utf-8"))
        assert set(foreign) <= {"http://www.w3.org/2000/svg"}, file.name
