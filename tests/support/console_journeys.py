"""
The ten commonest tasks of an administrator, walked in Chromium as `docs/operate/console.md` tells them.

A journey begins at the overview and does its task by links and forms that are on the pages; `Admin.show` is called
on the page that the document has a picture of. What came of it below is asserted by
`tests.browser.test_console_journeys`; `tests.support.console_pictures` walks the same ways for the pictures.
"""

import re
from collections.abc import Callable

from idp.audit.models import Attempt
from idp.directory import accounts, groups
from idp.saml import registering
from idp.settings import DomainsSettings
from tests.support import vendors
from tests.support.front import ANN, BEN, DORA, PASSWORD, Front
from tests.support.name_server import NameServer
from tests.support.pictures import FIREFOX, Walk
from tests.support.visitor import Visitor

PEOPLE = "email,name,groups\nada@acme.example,Ada Lovelace,Research\nben@acme.example,Benjamin Baker,\n"


def domains_asked_of(server: NameServer) -> DomainsSettings:
    """The settings under which domains are proven by the records of *server*."""
    return DomainsSettings(resolver_addresses=[server.address])


class Admin:
    """Ann, who administers Acme, in a browser; *show* is told the name of each page that is worth a picture."""

    def __init__(self, front: Front, walk: Walk, show: Callable[[str, Walk], None]) -> None:
        self.front, self.walk, self.tab = front, walk, walk.tab
        self._show = show
        with front.work() as work:
            accounts.grant_role(work, ANN, "organization-administrator", organization_id=front.organization_id)
        walk.open("/admin")
        walk.password(ANN, PASSWORD)
        walk.code()
        self.tab.wait_for_url("**/admin")

    def show(self, name: str) -> None:
        self._show(name, self.walk)

    def section(self, name: str) -> None:
        """Follow an entry of the navigation."""
        with self.tab.expect_navigation():
            self.tab.locator("#sections").get_by_role("link", name=name, exact=True).click()

    def press(self, words: str, within: str = "main") -> None:
        """Press the button, or follow the link, that begins with *words*; wait for the page that comes."""
        begins = re.compile(r"^\s*" + re.escape(words))
        found = self.tab.locator(within).locator("button:visible, a:visible").filter(has_text=begins)
        with self.tab.expect_navigation():
            found.first.click()

    def fill(self, label: str, value: str) -> None:
        self.tab.locator("main").get_by_label(label, exact=True).fill(value)

    def choose(self, label: str, value: str) -> None:
        found = self.tab.locator("main").get_by_label(label, exact=True)
        found.locator("visible=true").select_option(label=value)

    def tick(self, label: str) -> None:
        self.tab.locator("main").get_by_label(label).check()

    def says(self, words: str) -> None:
        """Fail unless the page says *words*."""
        self.tab.locator("main").get_by_text(words).first.wait_for(timeout=10_000)


def add_saml(admin: Admin) -> None:
    """Add a SAML application from its metadata, and give it to everyone."""
    document = vendors.SPRING.document(vendors.SPRING)
    admin.section("Applications")
    admin.press("Add an application")
    admin.press("Use metadata")
    admin.choose("Site", "Acme")
    file = {"name": "billing.xml", "mimeType": "application/xml", "buffer": document.encode()}
    admin.tab.locator("main").get_by_label("Choose the file").set_input_files(file)
    admin.press("Look at it")
    admin.fill("Name that people read", "Billing")
    admin.show("add-saml")
    admin.press("Register it")
    admin.press("Go on")
    admin.press("Go on")
    admin.tick("Everyone of")
    admin.press("Give access")
    admin.press("Give access")  # the page between says to how many
    admin.press("Go on")
    admin.says("/sites/acme/saml/sso")


def add_oidc(admin: Admin) -> str:
    """Add an OpenID Connect application; return the secret that is shown once."""
    admin.section("Applications")
    admin.press("Add an application")
    admin.press("Register a client")
    admin.choose("Site", "Acme")
    admin.fill("Name that people read", "Notebook")
    admin.fill("Redirect URIs, one a line", "https://notebook.acme.example/callback")
    admin.show("add-oidc")
    admin.press("Register it")
    admin.says("shown this once")
    return admin.tab.locator("main").get_by_text("cls_").first.inner_text()


def give_access(admin: Admin) -> None:
    """Let a group open Billing."""
    admin.section("Applications")
    admin.press("Billing")
    admin.press("Access", "nav.tabs")
    admin.tick("A group")
    admin.choose("Group", "Finance")
    admin.fill("Reason", "They write the bills.")
    admin.press("Give access")
    admin.press("Give access")  # the page between says to how many
    admin.says("They write the bills.")
    admin.show("give-access")


def find_out_why(admin: Admin) -> None:
    """Find out why Dora, who rang, was refused at the wiki."""
    admin.section("Attempts")
    admin.choose("Outcome", "Refused")
    admin.fill("Person", DORA)
    admin.press("Show", "main form.filters")
    with admin.tab.expect_navigation():
        admin.tab.locator("main table a").first.click()
    admin.says("Why it was refused")
    admin.show("find-out-why")
    admin.press("dora@acme.example")
    admin.press("Access", "nav.tabs")
    admin.choose("Application", "Wiki")
    admin.press("Say why")
    admin.says("Nothing gives")


def claim_domain(admin: Admin, server: NameServer) -> None:
    """Prove acme.example by a TXT record, and claim its accounts."""
    admin.section("Domains")
    admin.press("Add a domain")
    admin.fill("Domain", "acme.example")
    admin.press("Add", "main form")
    token = admin.tab.locator("main").get_by_text("ostiary-domain-verification=").first.inner_text()
    assert token
    server.txt("_ostiary-challenge.acme.example", token)
    admin.press("Check now")
    admin.says("is yours")
    admin.press("Claim accounts…")
    admin.show("claim-domain")
    admin.press("Claim 4 accounts")
    admin.says("Claimed 4 accounts.")


def offboard(admin: Admin) -> None:
    """Ben leaves: he is out at once, and erased in two weeks."""
    admin.section("Accounts")
    admin.press("Ben Baker")
    admin.press("Actions")
    admin.press("Delete in 14 days")
    admin.says("1 session ends.")
    admin.show("offboard")
    admin.press("Delete in 14 days", "main form")
    admin.says("Deletion scheduled")


def rotate(admin: Admin) -> None:
    """Publish a next SAML certificate at Acme, then switch the applications that know it."""
    admin.section("Keys")
    admin.press("Acme")
    admin.press("Rotate the SAML key")
    admin.press("Go one step on")
    admin.says("is next now")
    admin.show("rotate")
    admin.press("Switch all that are ready")
    admin.tick("Also 1 application")
    admin.press("Switch", "main form")
    admin.says("1 of 1 application is answered with it.")


def tighten(admin: Admin) -> None:
    """Ask for a phishing-resistant second step at Payroll, after a look at whom it meets; then try it."""
    admin.section("Contextual access")
    admin.press("Sessions")
    admin.press("Add a rule")
    admin.fill("Name", "Payroll with a passkey")
    admin.tab.get_by_text("To which application").click()
    admin.fill("One of these applications", "Payroll")
    admin.choose("It answers", "require something")
    admin.choose("Require", "A phishing-resistant second step")
    admin.press("See what it would have meant")
    admin.says("As if the rule counted")
    admin.press("Add it")
    admin.press("Switch Payroll with a passkey")
    admin.choose("Keep it", "for good")
    admin.press("Switch it")
    admin.section("Contextual access")
    admin.press("What if?")
    admin.fill("Who", BEN)
    admin.fill("To which application", "Payroll")
    admin.press("Ask")
    admin.says("must set up a passkey or a security key")
    admin.show("tighten")


def import_and_undo(admin: Admin) -> None:
    """Import two people of a file, then take it back."""
    admin.section("Imports")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode()}
    admin.tab.locator("main").get_by_label("CSV file").set_input_files(file)
    admin.press("See what it would do")
    admin.show("import")
    admin.press("Do it")
    admin.press("Import", "main form")
    admin.says("The import is done.")


def undo_import(admin: Admin) -> None:
    """Take back what `import_and_undo` did, from the page where it left."""
    admin.press("Undo")
    admin.press("Undo the import", "main form")
    admin.says("The import is undone.")


def delegate(admin: Admin) -> None:
    """Let Ben administer the site Acme Europe, and nothing else."""
    admin.section("Administrators")
    admin.press("Give a role")
    admin.fill("Who", BEN)
    admin.tab.locator("#role").select_option("site-administrator")
    admin.choose("Where", "Acme Europe")
    admin.fill("Reason", "Runs the office in Warsaw.")
    admin.press("Go on")
    admin.show("delegate")
    admin.press("Give the role", "main form")
    admin.says(BEN)


def prepare_access(front: Front) -> None:
    """Let there be a group Finance with Dora in it, and Billing, which nobody may open."""
    prepare_rotation(front)
    with front.work() as work:
        groups.create(work, "Finance", organization="acme")
        groups.add(work, "Finance", DORA, organization="acme")


def prepare_refusal(front: Front) -> None:
    """Let Dora have tried to open the wiki."""
    dora = Visitor(front.app.test_client())
    dora.open(front.ask("Wiki")).submit(username=DORA, password=PASSWORD).submit(otp=front.code())
    with front.work() as work:  # called what it is where OpenID Connect is spoken
        work.tx.session.query(Attempt).filter_by(kind="asked.sign-on").update({"kind": "oidc.sign-on"})


def prepare_leaving(front: Front) -> str:
    """Let Ben have a session in his browser; return its token."""
    return front.sign_in_elsewhere(BEN, FIREFOX, "203.0.113.9")


def prepare_rotation(front: Front) -> None:
    """Let there be a SAML application at Acme."""
    with front.work() as work:
        document = vendors.SPRING.document(vendors.SPRING).encode()
        made = registering.register(work, "acme", document, name="Billing")
        front.application_ids["Billing"] = made.application_id


NAMES = (
    "add_saml",
    "add_oidc",
    "give_access",
    "find_out_why",
    "claim_domain",
    "offboard",
    "rotate",
    "tighten",
    "import_and_undo",
    "delegate",
)
BEFORE: dict[str, Callable[[Front], object]] = {
    "give_access": prepare_access,
    "find_out_why": prepare_refusal,
    "offboard": prepare_leaving,
    "rotate": prepare_rotation,
}
"""What must be so before a journey."""
