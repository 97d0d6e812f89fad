"""Words that the tests of logout share: sign on, look at names, read what is carried."""

import base64
import time
import zlib
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree, html
from sqlalchemy import select

from idp.base import clock, jobs, outbox
from idp.directory import sites
from idp.keyring import keyring
from idp.oidc import logout_tokens
from idp.policy.permissions import OPERATOR
from idp.saml import names
from idp.saml.logout import telling
from idp.settings import Settings, resolve
from idp.signon import backchannel
from idp.signon.logout import MESSAGE
from idp.signon.models import LogoutStep
from tests.support.peers import logout_response
from tests.support.saml_world import Posted, posted
from tests.support.service_provider import ServiceProvider, deflated, pair, signature

SIGN = names.RSA_SHA256
BASE = "http://localhost:8000"


def calling_loopback(folder: Path, database_url: str) -> Settings:
    """Return the settings of an installation that may call applications on loopback."""
    values = {
        "base_url": BASE,
        "database": {"url": database_url},
        "development": {"allow_http_loopback_applications": True},
    }
    return resolve(values, folder)


def provider(name: str, *, slo: str) -> ServiceProvider:
    """Return a service provider of that name; *slo* are its bindings and addresses, as markup."""
    return ServiceProvider(
        entity_id=f"https://{name}.example/metadata",
        acs=f"https://{name}.example/acs",
        slo=slo,
        pair=pair(name),
    )


def service(binding: str, location: str, response_location: str = "") -> str:
    """Return a SingleLogoutService."""
    more = f' ResponseLocation="{response_location}"' if response_location else ""
    return f'<md:SingleLogoutService Binding="{binding}" Location="{location}"{more}/>'


def register(world, sp: ServiceProvider, *, signing: bool = True, **switches) -> str:
    """Register *sp* with the logout services that it was made with."""
    return world.register(sp, sp.metadata(signing=sp.pair.der if signing else "", slo=sp.slo), **switches)


def sign_on(sp, browser, content: str = "", **changes) -> Posted:
    return posted(browser.sso(sp.query(sp.authn_request(content, **changes))))


def name_id(answer: Posted) -> str:
    node = answer.find("//saml:NameID")[0]
    return etree.tostring(node, method="c14n", exclusive=True, with_tail=False).decode()


def index(answer: Posted) -> str:
    return answer.one("//saml:AuthnStatement/@SessionIndex")


def carried(location: str, kind: str = "SAMLResponse") -> Posted:
    """Return the message in the query of a redirect."""
    query = parse_qs(urlsplit(location).query)
    return Posted(location, zlib.decompress(base64.b64decode(query[kind][0]), -15), query.get("RelayState", [None])[0])


def proven(world, location: str) -> None:
    """Check that the query of *location* is signed with the site's key."""
    query = urlsplit(location).query
    signed, _, value = query[query.index("SAML") :].partition("&Signature=")
    with world.work() as work:
        site = sites.facts(work, "acme")
        key = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    public = load_pem_x509_certificate(key.certificate_pem.encode()).public_key()
    public.verify(base64.b64decode(unquote(value)), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def sign_out(browser):
    """Sign out at Ostiary itself; return where the browser is led."""
    page = browser.client.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    answer = browser.client.post("/signout", data={"csrf_token": token})
    assert answer.status_code == 303
    return answer.headers["Location"]


def next_of(page) -> str:
    """Return where the page of steps goes by itself; empty where it waits for the person."""
    found = html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")
    return found[0].partition("url=")[2] if found else ""


def states(page) -> dict[str, str]:
    """Return what the page of steps says of each application."""
    rows = html.fromstring(page.text).xpath("//main//ul/li")
    return {
        " ".join(row.xpath("string(.//b)").split()): " ".join(
            row.xpath("string(.//*[contains(@class,'badge')])").split()
        )
        for row in rows
    }


def heading(page) -> str:
    return " ".join(html.fromstring(page.text).xpath("string(//h1)").split())


def steps(world) -> dict[str, tuple[str, str]]:
    """Return channel and outcome of every step, by the application's name."""
    with world.work() as work:
        every = work.tx.session.scalars(select(LogoutStep))
        return {step.application_name: (step.channel, step.outcome) for step in every}


def tellers():
    return {**telling.tellers(BASE), **logout_tokens.tellers(BASE)}


def run_jobs(world, *, role: str = OPERATOR):
    """Run the jobs that are due now, then send what is due."""
    ran = jobs.run_due(world.database, backchannel.handlers(tellers()), world.now, role)
    post = backchannel.posting((), http_loopback=True)
    sender = backchannel.sender(lambda: world.work("job"), tellers(), post)
    return ran, outbox.drain(world.database, {MESSAGE: sender}, world.now)


def wait_until(said, seconds: float = 5.0) -> None:
    """Wait until *said* is true: what is told at once is told beside the request."""
    end = clock.monotonic() + seconds
    while not said():
        assert clock.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def signed_answer(sp, location: str, *codes: str, by=None, **changes) -> str:
    """Return the query that *sp* answers the request in *location* with, good but for *changes*."""
    asked = changes.pop("in_response_to", None)
    if asked is None:
        asked = carried(location, "SAMLRequest").root.get("ID")
    response = logout_response(sp, asked, *codes, **changes)
    return signed(sp, f"SAMLResponse={quote(deflated(response), safe='')}", by=by)


def signed(sp, query: str, *, by=None) -> str:
    """Return *query* signed by *sp*."""
    query += f"&SigAlg={quote(SIGN, safe='')}"
    value = signature(query.encode(), SIGN, (by or sp.pair).private)
    return f"{query}&Signature={quote(base64.b64encode(value).decode(), safe='')}"
