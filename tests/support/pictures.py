"""
Pictures of every page, in both themes, on a phone, a tablet and a desk.

    python -m tests.support.pictures [--into FOLDER] [--only NAME] [--docs]

Starts the front door with its known people, walks to each page in Chromium and takes its
picture as ``FOLDER/<page>-<width>-<theme>.png``. With ``--docs`` it takes the few that
the documents show, into ``docs/pictures``, and those of `tests.support.template_pictures`
and `tests.support.console_pictures`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import delete

from idp.directory import accounts, authentication_policies, authentication_policy_changes, policies
from idp.directory.models import Account
from idp.oidc.models import DeviceCode
from idp.policy.signon import Strength
from idp.saml import names
from idp.signon import consent, email_change, invitations, notices
from idp.signon.factors import password, recovery, temporary_pass
from tests.support import chromium
from tests.support.front import ANN, BEN, DORA, PASSWORD, Front, on_sqlite
from tests.support.joining_pages import asking_pages, joining_pages
from tests.support.service_provider import deflated

WIDTHS = {360: 740, 768: 1024, 1280: 800}
THEMES = ("light", "dark")
DOCS = ("sign-in", "launcher")

FOREIGN_ANSWER = "SAMLResponse=" + quote(
    deflated(
        f'<samlp:LogoutResponse xmlns:samlp="{names.SAMLP}" xmlns:saml="{names.SAML}" ID="_1" Version="2.0"'
        ' IssueInstant="2030-01-01T12:00:00Z"><saml:Issuer>https://nobody.example</saml:Issuer></samlp:LogoutResponse>'
    ),
    safe="",
)

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"


class Walk:
    """One browser of one person, on the way through the pages; *options* are Playwright's for a context."""

    def __init__(self, front: Front, browser, base: str, **options) -> None:
        self.front, self.base = front, base
        self.tab = browser.new_context(reduced_motion="reduce", **options).new_page()

    @property
    def heading(self) -> str:
        return self.tab.locator("h1").inner_text()

    def open(self, path: str) -> None:
        self.tab.goto(self.base + path)

    def password(self, email: str, password: str = PASSWORD) -> None:
        self.tab.fill("[name=username]", email)
        self.tab.fill("[name=password]", password)
        self.go()

    def code(self, code: str | None = None) -> None:
        self.tab.fill("[name=otp]", code or self.front.code())
        self.go()

    def go(self) -> None:
        """Press the first button of the first form."""
        self.tab.locator("main form button[type=submit]:not([form])").first.click()
        self.tab.wait_for_load_state()

    def press(self, words: str) -> None:
        """Press the button, or follow the link, that says *words*."""
        self.tab.locator(f"main button:has-text('{words}'), main a:has-text('{words}')").first.click()
        self.tab.wait_for_load_state()

    def json(self) -> dict:
        """What the far end of a sign-on shows."""
        return json.loads(self.tab.locator("body").inner_text())


def pages(front: Front, browser, base: str) -> Iterator[tuple[str, Walk]]:
    """Walk to every page; yield its name and who stands there."""
    walk = Walk(front, browser, base)
    walk.open(front.ask())
    yield "sign-in", walk
    walk.password(ANN, "not this one")
    yield "sign-in-wrong", walk
    for _ in range(6):
        walk.password("nobody@acme.example", "not this one")
    yield "sign-in-wait", walk
    walk.open(front.ask())
    walk.password(ANN)
    yield "code", walk
    walk.code("000000")
    yield "code-wrong", walk
    with front.work() as work:
        recovery.make(work, work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN])))
    walk.tab.goto(walk.tab.url.replace("/code", "/recovery"))
    yield "recovery-code", walk
    about = {
        "privacy_url": "https://wiki.acme.example/privacy",
        "terms_url": "https://wiki.acme.example/terms",
        "logo_url": "https://pictures.example/logo.png",
        "unchecked": True,
    }
    orders = consent.ask("orders:read", "Orders of Acme Global", "See your orders, and what you paid for them")
    walk.open(front.ask(asks=("email", "profile", "groups", "offline_access", orders), **about))
    walk.password(ANN)
    walk.code()
    yield "consent", walk
    walk.go()
    front.sign_in_elsewhere(ANN, IPHONE, "2001:db8::7")
    walk.open("/")
    yield "launcher", walk
    walk.tab.fill("[name=q]", "uber")
    yield "launcher-found", walk
    walk.tab.fill("[name=q]", "nothing like this")
    yield "launcher-none", walk
    walk.open("/")
    walk.tab.locator("button.star").first.click()
    walk.tab.wait_for_load_state()
    yield "launcher-favourite", walk
    walk.open("/arrange")
    yield "arrange", walk
    walk.press("Move to…")
    yield "arrange-move", walk
    walk.go()
    walk.tab.locator("summary").first.click()
    yield "arrange-section", walk
    for name, path in (
        ("account", ""),
        ("account-signing-in", "/signing-in"),
        ("account-sessions", "/devices"),
        ("account-applications", "/applications"),
        ("account-tokens", "/tokens"),
        ("account-data", "/data"),
    ):
        walk.open(f"/account{path}")
        yield name, walk
    walk.open("/account/connection")
    yield "connection", walk
    walk.open("/account/password")
    yield "password-change", walk
    walk.tab.fill("[name=current_password]", PASSWORD)
    walk.tab.fill("[name=new_password]", "acme")
    walk.tab.wait_for_selector(".score p:has-text('weak')")
    yield "password-change-typed", walk
    walk.go()
    yield "password-change-weak", walk
    walk.open("/account/authenticators/new")
    yield "authenticator-new", walk
    walk.code("000000")
    yield "authenticator-new-wrong", walk
    walk.open("/account/recovery-codes")
    yield "recovery-codes-new", walk
    walk.go()
    yield "recovery-codes-made", walk
    walk.open("/account/signing-in?done=password")
    yield "account-done", walk
    for application in ("Payroll", "Expenses and Travel", "Roadmap"):
        walk.open(front.ask(application))
    walk.open("/signout")
    yield "sign-out", walk
    walk.go()
    yield "signed-out-untold", walk
    here = walk.tab.url
    walk.tab.route("**/signout/nowhere/**", lambda route: route.fulfill(status=204))  # stay, to be looked at
    confirmed, back = ("back", "confirmed"), ("back", "asked")
    for name, told in {
        "signing-out": (confirmed, ("front", "waiting"), ("front", "waiting"), ("none", "cannot")),
        "signing-out-silent": (confirmed, ("front", "asked"), ("front", "waiting"), ("none", "cannot")),
        "signed-out-partly": (confirmed, ("front", "confirmed"), back, ("none", "cannot")),
        "signed-out-framed": (confirmed, ("frame", "asked"), ("frame", "asked"), confirmed),
        "signed-out": (confirmed,) * 4,
    }.items():
        front.told(told)
        front.later(seconds=12)
        walk.tab.goto(here)
        yield name, walk
    walk.open(f"/sites/acme/saml/slo?{FOREIGN_ANSWER}")
    yield "signing-out-refused", walk
    walk.open("/signout/done")
    yield "signed-out-nobody", walk
    walk.open("/")
    yield "sign-in-own", walk

    yield from device_pages(front, Walk(front, browser, base))
    yield from pass_pages(front, Walk(front, browser, base, user_agent=FIREFOX))

    yield from recovery_pages(front, Walk(front, browser, base))

    walk.open(front.ask())
    walk.tab.context.clear_cookies()
    walk.password(ANN)
    yield "form-stale", walk

    yield from policy_pages(front, browser, base)

    ben = Walk(front, browser, base)
    ben.open(front.ask())
    ben.password(BEN)
    yield "enrol", ben
    secret = ben.tab.get_attribute("[data-copy]", "data-copy")
    ben.code("000000")
    yield "enrol-wrong", ben
    ben.code(front.code(secret))
    yield "recovery-codes", ben
    ben.open(front.ask(asked=Strength.PHISHING_RESISTANT))
    yield "enrol-passkey", ben

    front.later(minutes=1)  # no code is honoured twice, and she has used one above
    dora = Walk(front, browser, base)
    dora.open(front.ask())
    dora.password(DORA)
    dora.code()
    assert dora.heading != "Second step", "her code was taken"
    yield "no-access", dora
    dora.open("/")
    yield "launcher-empty", dora
    asked = front.ask()
    front.later(minutes=11)
    dora.open(asked)
    yield "lost", dora
    yield from passkey_pages(front, Walk(front, browser, base))

    for status in (403, 404, 405, 413, 429, 500, 503):
        dora.open(f"/asked/errors/{status}")
        yield f"error-{status}", dora

    yield from new_password_pages(front, Walk(front, browser, base))
    yield from joining_pages(front, Walk(front, browser, base))
    yield from asking_pages(front, Walk(front, browser, base))


def new_password_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the page of somebody who must choose a new password, and to the warning before."""
    email, former, latest = "fay@acme.example", PASSWORD, "a louder garden gate 8"
    with front.work() as work:
        account = accounts.create(work, email, organization="acme", name="Fay Fisher")
        password.set_password(work, account.id, former, organization_id=front.organization_id, due=password.RESET)
        policy = policies.default_policy(work, front.organization_id)
        policy.second_step, policy.password_maximum_days = "optional", 90
    walk.open("/account")
    walk.password(email, former)
    yield "password-new", walk
    walk.tab.fill("[name=new_password]", former)
    walk.tab.wait_for_selector(".score p:has-text('strong')")
    walk.go()
    yield "password-new-again", walk
    walk.tab.fill("[name=new_password]", latest)
    walk.go()
    front.later(days=80)
    walk.open("/account")
    walk.password(email, latest)
    yield "account-password-age", walk


def pass_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages of a temporary pass, of remembered devices and of the history of sign-ins."""
    walk.open(front.ask())
    walk.press("Use a temporary access pass")
    yield "pass", walk
    walk.tab.fill("[name=username]", ANN)
    walk.tab.fill("[name=pass]", "not this one")
    walk.go()
    yield "pass-wrong", walk
    with front.work() as work:
        temporary_pass.make(work, ANN)
    walk.open(front.ask())
    walk.password(ANN)
    walk.press("Use a temporary access pass")
    yield "pass-second", walk
    for _ in range(6):
        walk.tab.goto(walk.tab.url.replace("/pass/second", "/authenticator").replace("/pass", "/authenticator"))
        walk.code("000000")
    yield "sign-in-over", walk
    front.later(minutes=1)
    walk.open("/")
    walk.password(ANN)
    walk.tab.check("[name=remember_device]")
    walk.code()
    walk.open("/account/devices")
    yield "account-devices", walk
    walk.open("/account/history")
    yield "account-history", walk


def policy_pages(front: Front, browser, base: str) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages that look otherwise under another authentication policy, which counts for that long."""
    for name, email, changes in (
        ("enrol-later-times", BEN, {"grace_sign_ins": 3}),
        ("enrol-later-day", BEN, {"grace_until": front.now + timedelta(days=14)}),
        ("sign-in-no-password", ANN, {"methods": ["passkey", "temporary-pass"]}),
    ):
        with front.work() as work:
            before = authentication_policies.terms_of(authentication_policies.policy(work, "acme"))
            authentication_policy_changes.edit(work, "acme", None, changes)
        walk = Walk(front, browser, base)
        walk.open(front.ask())
        walk.password(email)
        yield name, walk
        with front.work() as work:
            authentication_policy_changes.edit(work, "acme", None, {field: getattr(before, field) for field in changes})


def passkey_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages of passkeys and security keys, of somebody who has two."""
    front.later(minutes=1)  # the next code
    walk.open("/")
    walk.password(ANN)
    walk.code()
    walk.open("/account/passkeys/new")
    yield "passkey-new", walk
    _without_answer(walk)
    yield "passkey-new-cancelled", walk
    front.give_passkey(ANN, "Work laptop")
    front.give_passkey(ANN, "Blue key", verifies=False)
    walk.open("/account/signing-in?done=passkey-added")
    yield "account-passkeys", walk
    walk.press("Rename")
    yield "passkey-rename", walk
    walk.open("/account/signing-in")
    walk.tab.locator("section[aria-labelledby=passkeys] a:has-text('Remove')").first.click()
    yield "passkey-remove", walk
    walk.tab.context.clear_cookies()
    walk.open(front.ask())
    _without_answer(walk)
    yield "sign-in-passkey-cancelled", walk
    walk.password(ANN)
    yield "passkey", walk
    _without_answer(walk)
    yield "passkey-cancelled", walk


def _without_answer(walk: Walk) -> None:
    """Send the form of a ceremony as `passkeys.js` does when the person has cancelled it."""
    walk.tab.evaluate(
        "(form => { form.elements.problem.value = 'NotAllowedError'; form.submit() })"
        "(document.querySelector('form[data-passkey]'))"
    )
    walk.tab.wait_for_selector("[role=alert]")


def recovery_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages of recovery, notices, and another e-mail address. Dora's, whom nobody else here needs."""
    front.later(hours=2)
    front.mails()
    walk.open(front.ask())
    walk.press("Forgotten your password?")
    yield "recover", walk
    walk.tab.fill("[name=username]", "dora")
    walk.go()
    yield "recover-no-address", walk
    walk.tab.fill("[name=username]", DORA)
    walk.go()
    yield "recover-sent", walk
    walk.open(front.mails()[0].path)
    yield "recover-password", walk
    walk.tab.fill("[name=new_password]", "acme")
    walk.go()
    yield "recover-password-weak", walk
    walk.tab.fill("[name=new_password]", PASSWORD)
    walk.go()
    yield "recover-done", walk
    walk.open("/recover/password")
    yield "recover-over", walk
    walk.open(front.mails()[0].path)
    yield "not-me", walk
    with front.work() as work:
        invitations.invite(work, "eve@partner.example", organization="acme", name="Eve External", kind="guest")
    walk.open(front.mails()[0].path)
    yield "welcome", walk
    walk.open("/")
    walk.password(DORA)
    walk.code()
    with front.work() as work:
        for kind, facts in (
            (
                notices.NEW_DEVICE,
                {"browser": "Firefox", "system": "Windows", "place": "Warsaw, PL", "ip": "203.0.113.9"},
            ),
            (notices.RECOVERY_CODE_USED, {"left": 1}),
        ):
            account_id = front.account_ids[DORA]
            notices.notify(work, organization_id=front.organization_id, account_id=account_id, kind=kind, facts=facts)
    walk.open("/")
    yield "launcher-notices", walk
    walk.open("/account")
    yield "account-notices", walk
    walk.open("/account/email")
    yield "email-change", walk
    walk.tab.fill("[name=email]", DORA)
    walk.go()
    yield "email-change-same", walk
    walk.tab.fill("[name=email]", "dora.dean@acme.example")
    front.mails()
    walk.go()
    yield "email-change-asked", walk
    [mail] = front.mails()
    walk.open(mail.path)
    yield "email-confirm", walk
    walk.go()
    yield "email-confirmed", walk
    walk.open("/email")
    yield "email-over", walk
    with front.work() as work:
        email_change.administer(work, "dora.dean@acme.example", DORA)
        notices.notify(
            work,
            organization_id=front.organization_id,
            account_id=front.account_ids[BEN],
            kind=notices.ADDRESS_CHANGED,
            facts={"before": BEN},
        )
    walk.open(next(mail.path for mail in front.mails() if mail.to == BEN))
    yield "not-me-address", walk
    walk.open("/not-me/done?by=mail")
    yield "not-me-done", walk
    walk.open("/not-me/done?by=administrator")
    yield "not-me-administrator", walk
    walk.open("/not-me/ntm_gone")
    yield "not-me-over", walk
    yield from email_code_pages(front, Walk(front, walk.tab.context.browser, walk.base))


def email_code_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages of a code by e-mail, which a policy allows for as long."""
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        before, policy.methods = policy.methods, [*policy.methods, "email-code"]
    walk.open(front.ask())
    walk.password(BEN)
    yield "email-code", walk
    walk.go()
    yield "email-code-sent", walk
    walk.tab.fill("[name=email_code]", "x")
    walk.go()
    yield "email-code-wrong", walk
    with front.work() as work:
        policies.default_policy(work, front.organization_id).methods = before
    front.mails()


def device_pages(front: Front, walk: Walk) -> Iterator[tuple[str, Walk]]:
    """Walk to the pages of a device that asks to be let in."""
    walk.open("/device")
    yield "device", walk
    walk.tab.fill("[name=user_code]", "bbbb bbbb")
    walk.go()
    yield "device-wrong", walk
    code = front.device()
    front.later(seconds=40)
    walk.open(f"/device?user_code={code}")
    yield "device-filled-in", walk
    walk.go()
    walk.password(ANN)
    walk.code()
    yield "device-consent", walk
    walk.go()
    yield "device-confirm", walk
    walk.press("Let it in")
    yield "device-allowed", walk
    walk.open(f"/device?user_code={front.device(ip='203.0.113.9', agent='curl/8.5.0')}")
    walk.go()
    yield "device-confirm-elsewhere", walk
    walk.press("Keep it out")
    yield "device-denied", walk
    walk.open(f"/device?user_code={front.device(agent='')}")
    walk.go()
    front.later(minutes=7)
    walk.tab.reload()
    yield "device-confirm-late", walk
    with front.work() as work:
        work.tx.session.execute(delete(DeviceCode))
    walk.tab.reload()
    yield "device-over", walk
    for _ in range(6):
        walk.open("/device")
        walk.tab.fill("[name=user_code]", "BBBB-BBBB")
        walk.go()
    yield "device-wait", walk


def take(into: Path, *, only: str = "", report: Callable[[str], None] = print) -> int:
    """Take the pictures into the folder *into*; return how many pages scroll sideways (none should)."""
    into.mkdir(parents=True, exist_ok=True)
    sideways = 0
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        front = on_sqlite(Path(folder))
        with front.served() as base:
            for name, walk in pages(front, browser, base):
                if only and not name.startswith(only):
                    continue
                for width, height in WIDTHS.items():
                    walk.tab.set_viewport_size({"width": width, "height": height})
                    for theme in THEMES:
                        walk.tab.emulate_media(color_scheme=theme)
                        walk.tab.screenshot(path=into / f"{name}-{width}-{theme}.png", full_page=True)
                    if walk.tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        sideways += 1
                        report(f"{name} scrolls sideways at {width} px")
    return sideways


def take_for_docs(into: Path) -> None:
    """Take the pictures that the documents show."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        front = on_sqlite(Path(folder))
        with front.served() as base:
            for name, walk in pages(front, browser, base):
                if name not in DOCS:
                    continue
                walk.tab.set_viewport_size({"width": 1200, "height": 900})
                for theme in THEMES:
                    walk.tab.emulate_media(color_scheme=theme)
                    walk.tab.screenshot(path=into / f"{name}-{theme}.png")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--into", type=Path, default=Path("build/pictures"))
    arguments.add_argument("--only", default="", metavar="NAME")
    arguments.add_argument("--docs", action="store_true")
    asked = arguments.parse_args()
    if chromium.executable() is None:
        sys.stderr.write(f"pictures {chromium.MISSING}\n")
        return 2
    if asked.docs:
        from tests.support import console_pictures, template_pictures

        take_for_docs(Path("docs/pictures"))
        template_pictures.take(template_pictures.INTO)
        console_pictures.take()
        return 0
    return 1 if take(asked.into, only=asked.only) else 0


if __name__ == "__main__":
    sys.exit(main())
