"""axe-core finds nothing to say against any page, in both themes."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from idp.directory import groups, zones
from idp.provisioning import clients, tokens
from idp.provisioning.targets import editing, switching
from idp.web.security import PROTOCOL
from tests.browser.conftest import signed_in
from tests.support import axe, console_world, node
from tests.support.pictures import THEMES, pages

pytestmark = pytest.mark.skipif(not node.is_here(), reason=node.MISSING)

AFTER_A_POST = {"console_application_adding_client.made", "console_group_rules.previewed"}
"""Pages that one comes to once, after something was sent: `tests.browser.test_console_journeys` looks at the first; the
other looks as the preview that small organizations get at once."""

NOT_LOOKED_AT = {
    "pictures, files and styles": """
        account.authenticator_picture account.recovery_codes_file assets.accent assets.favicon assets.picture
        assets.robots signin.authenticator signin.recovery_codes_file
    """,
    "they lead on at once, and write nothing": """
        account_email.link device.confirm_again join.index join.link not_me.link recover.link signin_later.begin_again
        signout.going_on
    """,
    "an installation of one organization leads on from it": "launcher.organization",
    "the pages of another address, which are looked at there": """
        account.not_me_told signin.authenticator_code signin.begin_enrolling_authenticator
        signin.begin_enrolling_passkey
    """,
}
"""Pages of people that the walk does not stand on, with why."""


LINKS = """[...document.querySelectorAll('a[href], form:not([method=post])')]
    .map((e) => e.href || (e.getAttribute('action') ? e.action : '')).filter(Boolean)"""


def held_against(tab) -> Iterator[str]:
    """What axe holds against the page in each theme."""
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme)
        for one in axe.violations(tab):
            yield f"{theme}: {one}"


def is_file(address: str) -> bool:
    """Whether it is something to keep, or a picture, and no page."""
    return "." in urlsplit(address).path.rpartition("/")[2]


class Crawl:
    """Follows every link of the console once for each kind of page; what varies a page besides its object counts."""

    def __init__(self, front, tab, base: str) -> None:
        self.tab, self.base = tab, base
        self.endpoints: set[str] = set()
        self._addresses = front.app.url_map.bind("127.0.0.1")
        self._seen: set[tuple[str, ...]] = set()

    def posted_to(self, url: str) -> str:
        """The endpoint that takes what is posted to the address *url*; empty where that is none of ours."""
        try:
            return self._addresses.match(urlsplit(url).path, method="POST")[0]
        except (HTTPException, RequestRedirect):
            return ""

    def _kind(self, url: str) -> tuple[str, ...] | None:
        parts = urlsplit(url)
        if not url.startswith(self.base) or not parts.path.startswith("/admin"):
            return None
        try:
            endpoint, values = self._addresses.match(parts.path, method="GET")
        except (HTTPException, RequestRedirect):
            return None
        kinds = [value for name, value in sorted(values.items()) if name in ("what", "which", "kind", "name")]
        return (endpoint, *kinds)

    def _wants(self, url: str) -> bool:
        kind = self._kind(url)
        if kind is None or kind in self._seen or is_file(url):
            return False
        self._seen.add(kind)
        return True

    def pages(self, *first: str) -> Iterator[tuple[str, int]]:
        """Walk, from the addresses *first* on; yield the path and the status of each page while it is in the tab."""
        waiting = [self.base + path for path in first]
        self._seen |= {kind for one in waiting if (kind := self._kind(one))}
        while waiting:
            url = waiting.pop(0)
            answer = self.tab.goto(url)
            self.endpoints.add(self._kind(url)[0])
            yield urlsplit(url).path, answer.status
            waiting += [one for one in self.tab.evaluate(LINKS) if self._wants(one)]


def _provision(front) -> dict[str, str]:
    """Let a directory write into Acme, and tell Wiki of accounts; return what stands in addresses of theirs."""
    wiki = front.application_ids["Wiki"]
    with front.work() as work:
        directory = clients.create(work, "Entra", organization="acme")
        token, _ = tokens.rotate(work, directory.id, organization_id=front.organization_id)
        editing.set_up(work, wiki, editing.Wanted(endpoint="https://wiki.acme.example/scim/v2", everybody=True))
        editing.set_token(work, wiki, "a-token-that-no-page-shows")
        switching.enable(work, wiki)
        by_hand = groups.create(work, "Night shift", organization="acme")
    return {"<group_id>": by_hand.id, "<client_id>": directory.id, "<token_id>": token.id, "<what>": "disable"}


def _filled(rule: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        rule = rule.replace(name, value)
    return rule


def test_no_page_of_the_console_violates_a_rule_in_either_theme(front, walk, base):
    special, known = console_world.fill(front), _provision(front)
    tab = signed_in(walk()).tab
    crawl = Crawl(front, tab, base)
    rules = [one for one in front.app.url_map.iter_rules() if one.rule.startswith("/admin") and "GET" in one.methods]
    every = {one.endpoint: one.rule for one in rules if not is_file(one.rule)}
    plain = [one.rule for one in rules if not one.arguments and one.endpoint in every]
    plain += [_filled(one, known) for one in every.values() if "/provisioning/<client_id>" in one]
    told = f"/admin/applications/{front.application_ids['Wiki']}/provisioning"
    plain += [f"{told}/preview", f"{told}/off", f"{told}/approve"]

    found, broken = {}, []
    for path, status in crawl.pages(*special, *plain):
        found |= {path: against} if (against := list(held_against(tab))) else {}
        broken += [path] if status not in (200, 422) else []

    assert found == {}
    assert broken == []
    assert every.keys() - crawl.endpoints == AFTER_A_POST, "a page that no link leads to was not looked at"


FORMS = """[...document.forms].map((form, at) => ({
    at, action: form.getAttribute('action') ? form.action : location.href, method: form.method,
    fields: [...form.elements].filter((e) => e.name && e.type !== 'hidden').map((e) => e.name),
    typed: [...form.elements].some((e) => e.matches('textarea, input:not([type=hidden], [type=checkbox], [type=radio])')),
}))"""
EMPTIED = """(at) => {
    const form = document.forms[at]
    for (const one of form.elements) {
        if (one.matches('textarea, input:not([type=hidden], [type=checkbox], [type=radio])')) one.value = ''
    }
    setTimeout(() => HTMLFormElement.prototype.submit.call(form))  // once this has been answered: the page goes away
}"""


def _forms(crawl: Crawl, *first: str) -> list[tuple[str, int]]:
    """The forms of the console in which something is typed: on which page, the how-manieth; once for each kind."""
    found: dict[tuple[str, ...], tuple[str, int]] = {}
    for path, _ in crawl.pages(*first):
        for form in crawl.tab.evaluate(FORMS):
            endpoint = crawl.posted_to(form["action"])
            if form["method"] == "post" and form["typed"] and endpoint:
                found.setdefault((endpoint, *sorted(set(form["fields"]))), (path, form["at"]))
    return list(found.values())


def test_no_answer_to_an_empty_form_violates_a_rule_in_either_theme(front, walk, base):
    special, known = console_world.fill(front), _provision(front)
    tab = signed_in(walk()).tab
    rules = [one for one in front.app.url_map.iter_rules() if one.rule.startswith("/admin") and "GET" in one.methods]
    every = [one for one in rules if not is_file(one.rule)]
    plain = [one.rule for one in every if not one.arguments]
    plain += [_filled(one.rule, known) for one in every if "/provisioning/<client_id>" in one.rule]
    forms = _forms(Crawl(front, tab, base), *special, *plain)

    found, refused = {}, []
    for path, at in forms:
        tab.goto(base + path)
        if at >= tab.evaluate("document.forms.length"):
            continue  # what was sent before has changed this page
        with tab.expect_navigation() as sent:
            tab.evaluate(EMPTIED, at)
        refused += [path] if sent.value.status in (409, 422) else []
        found |= {f"{path} {at}": against} if (against := list(held_against(tab))) else {}

    assert found == {}
    assert len(refused) > 40


@pytest.mark.parametrize(
    "path", ["/admin/sites/acme/edit", "/admin/groups/<group_id>/edit", "/admin/zones/<zone_id>/edit"]
)
def test_what_whoever_comes_second_is_shown_violates_no_rule_in_either_theme(front, walk, base, path):
    console_world.fill(front)
    with front.work() as work:
        group, zone = groups.create(work, "Night shift", organization="acme"), zones.zone(work, "acme", "Office")
    path = path.replace("<group_id>", group.id).replace("<zone_id>", zone.id)
    first = signed_in(walk()).tab
    second = first.context.new_page()
    first.goto(base + path)
    second.goto(base + path)
    statuses = []
    for tab, name in ((first, "Another name"), (second, "A third name")):
        tab.fill("main [name=name]", name)
        with tab.expect_response(lambda answer: answer.request.method == "POST") as sent:
            tab.locator("main form button[type=submit]").first.click()
        tab.wait_for_load_state()
        statuses.append(sent.value.status)

    assert statuses == [303, 409]
    assert list(held_against(second)) == []


def _addressed(front, url: str) -> str:
    """The endpoint that answers at an address; empty where it is none of ours."""
    try:
        return front.app.url_map.bind("127.0.0.1").match(urlsplit(url).path, method="GET")[0]
    except (HTTPException, RequestRedirect):
        return ""


def test_no_page_of_people_violates_a_rule_in_either_theme(front, base, chrome):
    found, seen = {}, set()
    for name, walk in pages(front, chrome, base):
        seen.add(_addressed(front, walk.tab.url))
        found |= {name: against} if (against := list(held_against(walk.tab))) else {}

    assert found == {}
    views = front.app.view_functions
    every = {
        rule.endpoint
        for rule in front.app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.rule.startswith("/admin")
        if getattr(views[rule.endpoint], "guard", PROTOCOL) != PROTOCOL
    }
    named = {one for listed in NOT_LOOKED_AT.values() for one in listed.split()}
    assert every - seen == named, "walk to it in `tests.support.pictures`, or say here why not"
