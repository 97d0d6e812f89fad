"""T11: names with every trick in them, in a real browser: no dialog, no complaint of the policy."""

from idp.directory import applications, groups, queries
from tests.support.front import ANN

CANARY = "\"><svg onload=alert(1)><script>alert(2)</script>' autofocus onfocus=alert(3) x='{{7*7}}"


def test_t11_strange_names_are_shown_and_do_nothing(front, walk):
    """T11: the names of site, organization, person, application, group and contact; the fixture hears every dialog."""
    with front.work() as work:
        site = queries.site(work, "acme")
        site.name, site.support_contact = CANARY, CANARY
        queries.organization(work, "acme").name = CANARY
        queries.account(work, ANN).name = CANARY
        made = applications.create(work, site, protocol="oidc", name=CANARY, launch_url=f"https://x.example/{CANARY}")
        applications.grant(work, made.id, everyone=True)
        groups.create(work, CANARY, organization="acme")
        groups.add(work, CANARY, ANN, organization="acme")
    front.application_ids[CANARY] = made.id
    one = walk()
    one.open(front.ask(CANARY, asks=("groups", CANARY), login_hint=CANARY, start_again_url="javascript:alert(4)"))
    shown = [one.tab.locator("body").inner_text()]
    one.password(CANARY, CANARY)
    one.password(ANN)
    one.code()
    shown.append(one.tab.locator("body").inner_text())
    for path in (
        "/",
        "/account",
        "/account/connection",
        "/account/password",
        "/account/authenticators/new",
        "/signout",
    ):
        one.open(path)
        shown.append(one.tab.locator("body").inner_text())
    one.go()
    front.later(minutes=11)
    one.tab.go_back()
    one.open(front.ask(CANARY, login_hint=CANARY))
    shown.append(one.tab.locator("body").inner_text())

    assert sum(CANARY in text for text in shown) == len(shown)
