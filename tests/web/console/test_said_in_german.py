"""What is put together from pieces is said whole in the language of its reader: rules, their trace, long work."""

import re

from sqlalchemy import update

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.tables import table
from idp.base.texts import phrase
from idp.directory import access_policies, applications, groups, history, runs, zones
from idp.directory.console_models import Run
from idp.directory.zones import Contents
from idp.oidc import clients
from idp.policy.access import documents
from idp.saml import names, providers, registering
from idp.saml.switches import Switches
from tests.support import vendors
from tests.support.front import ANN, BEN
from tests.web.console.test_bulk_objects import ask, done_all

ENGLISH = re.compile(
    r"\b(a|and|any|asked|but|by|cannot|changed|deny|disabled|except|for|from|if|is|it|matches?|members|not|older|or|proven"
    r"|require|rules?|session|than|the|then|there|who|with)\b",
    re.IGNORECASE,
)
"""Words that stand in English sentences, and are no German ones."""

RULES = {
    "guards": [
        {"name": "Draußen", "conditions": {"networks": {"except_zones": ["Office"]}}, "text": "Bitte anderswo."}
    ],
    "rules": [
        {
            "name": "Alles",
            "mode": "report-only",
            "conditions": {
                "people": {"accounts": [BEN], "groups": ["Staff"], "kinds": ["guest"], "except_accounts": [ANN]},
                "targets": {"applications": ["Wiki"], "except_applications": ["Payroll"]},
                "devices": {"known": False, "certificate": True, "operating_systems": ["Windows"]},
                "requests": ["oidc", "saml", "console"],
                "times": {"zone": "Europe/Berlin", "days": ["mon", "fri"], "begins": "22:00", "ends": "06:00"},
                "behaviours": ["new-device", "many-failures"],
                "sessions": {"older_than_seconds": 3600, "proven": ["pwd"], "proof_older_than_seconds": 90},
            },
            "answer": {"effect": "require", "strength": "phishing-resistant", "within_seconds": 300},
        },
        {"name": "Ohne", "answer": {"effect": "allow"}},
    ],
    "catch_all": {"effect": "deny"},
}


def wrote(front, document) -> str:
    with front.work() as work:
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(document))
        return access_policies.policy(work, "acme", "Sessions").id


def english_in(texts: list[str]) -> list[str]:
    """Return what of *texts* has English words."""
    return [text for text in texts if ENGLISH.search(text)]


def of(visitor, path: str, where: str) -> list[str]:
    found = [" ".join(one.text_content().split()) for one in visitor.open(path).page.xpath(where)]
    assert found, f"nothing on {path}"
    return found


def test_rules_and_what_changed_of_them_and_their_trace_are_said_in_german(front, admin):
    with front.work() as work:
        zones.create(work, "acme", "Office", Contents(networks=("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24")))
        groups.create(work, "Staff", organization="acme")
    wrote(front, {"rules": [{"name": "Alles", "answer": {"effect": "allow"}}]})
    policy_id = wrote(front, RULES)
    admin.headers["Accept-Language"] = "de"

    rules = of(admin, f"/admin/access/{policy_id}", "//main//td[1]/bdi | //main/section[last()]//bdi")
    changes = of(admin, f"/admin/access/{policy_id}/versions", "//main//li//bdi")
    trace = of(admin, f"/admin/access/what-if?who={BEN}&application=Wiki", "//main//bdi[string-length() > 25]")

    assert rules[0] == "wenn gilt: die Adresse ist nicht in Office – dann: abgelehnt („Bitte anderswo.“)"
    assert "die Sitzung ist älter als 1 Stunde, und der letzte Nachweis ist älter als 90 Sekunden" in rules[1]
    assert "am Montag, Freitag, von 22:00 bis 06:00 (Europe/Berlin)" in rules[1]
    assert rules[2:] == ["immer: erlaubt", "abgelehnt"]
    assert "Geändert, was sonst gilt: erlaubt → abgelehnt" in changes
    assert english_in([*rules, *changes, *trace]) == []


def test_the_title_and_the_findings_of_a_run_are_said_in_german_and_kept_in_english(front, admin):
    ids = front.application_ids
    with front.work() as work:
        applications.disable(work, ids["Wiki"])
    admin.open(ask("disable-applications", ids["Wiki"], ids["Payroll"])).submit("Begin")
    run = done_all(front)
    admin.headers["Accept-Language"] = "de"

    titles = of(admin, "/admin/runs", "//main//th[@scope='row']")
    page = of(admin, f"/admin/runs/{run.id}", "//main//h1 | //main//li/bdi")

    assert (titles, page[0]) == (["2 Anwendungen abschalten"], "2 Anwendungen abschalten")
    assert page[1].startswith("Wiki: „Wiki“ ist ")
    assert english_in(page) == []
    assert (run.title, run.findings) == ("Disable 2 applications", ["Wiki: “Wiki” is disabled already."])


def test_what_the_doctors_find_is_said_in_german_but_the_sentence_for_the_vendor(front, admin):
    asked = {"client_name": "Notizbuch", "redirect_uris": ["https://rp.example/cb", "https://test.rp.example/cb?x=1"]}
    with front.work() as work:
        saml = registering.register(work, "acme", vendors.OKTA.document(vendors.OKTA).encode(), name="Okta")
        client = clients.create(work, "acme", asked, base_url="http://localhost:8000")[0]
        providers.change(work, saml.application_id, Switches(require_signed_requests=True, nameid_format=names.EMAIL))
    admin.headers["Accept-Language"] = "de"

    for application_id in (saml.application_id, client.id):
        found = of(
            admin, f"/admin/applications/{application_id}/doctor", "//main//section[header/h3]/p | //main/p[last()]"
        )
        assert len(found) > 8
        assert english_in([without_clause(one) for one in found]) == []
        commands = [one for one in found if "idp " in one and "idp organization release" not in one]
        assert not commands, "a page names pages, where there are any"
    vendor = of(admin, f"/admin/applications/{client.id}/doctor", "//main//span[@lang='en']")
    assert any("Please" in one for one in vendor)


def test_why_an_attempt_failed_is_said_in_german_and_kept_in_english(front, admin):
    with front.work() as work:
        saml = registering.register(work, "acme", vendors.OKTA.document(vendors.OKTA).encode(), name="Okta")
    wanted, kind = "https://x.example/acs", "saml.sign-on"
    of_saml = {"organization_id": front.organization_id, "site_id": saml.site_id, "application_id": saml.application_id}
    trail = Trail(kind, **of_saml)
    cause = phrase("the assertion consumer %(location)s is not registered", location=repr(wanted))
    trail.failed("address", "saml-address", cause, reason="address", received=wanted)
    former = Trail(kind, **of_saml)
    former.failed("address", "saml-address", f"the assertion consumer {wanted} was another one", reason="both")
    with front.work() as work:
        attempts.save(work, trail)
        attempts.save(work, former)
        kept = history.attempt(work, trail.id)
    admin.headers["Accept-Language"] = "de"

    page = of(
        admin, f"/admin/attempts/{trail.id}", "//main//ol//p | //main//ol//dd/bdi[not(@lang)] | //main//ol//dd[a]"
    )
    listed = of(admin, "/admin/attempts", "//main//td//bdi")

    said = f"der AssertionConsumerService '{wanted}' ist nicht registriert"
    assert said in page
    assert said in listed
    assert english_in(page) == []
    assert f"the assertion consumer {wanted} was another one" in listed  # kept before causes were phrases
    assert kept.cause == f"the assertion consumer '{wanted}' is not registered" == kept.steps[0]["cause"]


def without_clause(text: str) -> str:
    """A specification is cited by its name, which is English."""
    return re.sub(r"\([^()]*section [0-9.]+\)", "", text)


def test_a_run_that_was_begun_before_titles_were_phrases_is_shown_as_it_was_kept(front, admin):
    admin.open(ask("disable-applications", front.application_ids["Wiki"])).submit("Begin")
    run = done_all(front)
    with front.work() as work:
        kept = table(Run)
        parameters = {name: one for name, one in run.parameters.items() if name != "title"}
        work.tx.session.execute(
            update(kept).where(kept.c.id == run.id).values(title="Disable 1 thing", parameters=parameters)
        )
    admin.headers["Accept-Language"] = "de"

    assert of(admin, f"/admin/runs/{run.id}", "//main//h1") == ["Disable 1 thing"]
    assert runs.title(run) == "Disable 1 application"
