"""
An installation that is sent nothing but malformed SAML, in a process of its own, which measures itself.

``python -m tests.support.malformed FOLDER COUNT`` prints, as JSON, the resident memory after a fifth
of them and after all, the open files before and after, and what was left in the folder for temporary files.
"""

import base64
import gc
import json
import os
import random
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NewType
from urllib.parse import quote

import psutil
from werkzeug.test import create_environ

from idp import app as app_
from idp.base import schema
from idp.base.crypto import Vault
from idp.base.db import Database
from idp.base.logging import configure
from idp.base.work import Origin, Work
from idp.saml import names, registering
from idp.saml.answering import PROTOCOL
from idp.saml.logout import telling
from idp.settings import resolve
from idp.signon.teller import Reply, Told
from tests.support import mutations, people
from tests.support.peers import in_envelope, logout_response
from tests.support.saml_world import fill
from tests.support.service_provider import NOON, ServiceProvider, deflated, encoded, pair, stamp

FORM = "application/x-www-form-urlencoded"
XML = "text/xml; charset=utf-8"
Request = tuple[str, str, str, bytes]
"""Method, path, query, body."""
Answer = NewType("Answer", bytes)
"""What an application answers that was told of a logout by SOAP."""
SITE = "/sites/acme/saml"


def by_browser(chance: random.Random, sp: ServiceProvider) -> Iterator[Request]:
    """Yield requests for a sign-on and, by the browser, for a logout."""
    sso, slo = f"{SITE}/sso", f"{SITE}/slo"
    signed = sp.enveloped(sp.authn_request())
    query = sp.query(sp.authn_request(), "state", sign=names.RSA_SHA256)
    bomb = zlib.compressobj(9, wbits=-15)
    packed_bomb = quote(base64.b64encode(bomb.compress(bytes(20_000_000)) + bomb.flush()).decode(), safe="")

    def redirected(message: str, to: str = sso) -> Request:
        return "GET", to, f"SAMLRequest={quote(message, safe='')}", b""

    def posted(message: str, to: str = sso) -> Request:
        return "POST", to, "", f"SAMLRequest={quote(message, safe='')}&RelayState={chance.random()}".encode()

    while True:
        noise = chance.randbytes(chance.randint(1, 400))
        word = noise[:20].hex()
        stranger = sp.authn_request(issuer=f"https://{word}.example/" + "x" * chance.randint(0, 900))
        yield redirected("!" + word)
        yield redirected(base64.b64encode(noise).decode())
        yield redirected(deflated(noise))
        yield redirected(deflated(stranger))
        yield redirected(deflated(sp.authn_request(IssueInstant=stamp(NOON, days=-1))))
        yield redirected(deflated(sp.authn_request(Destination=f"https://{word}.example/")))
        yield redirected(deflated(sp.authn_request(AssertionConsumerServiceURL=f"https://sp.example/{word}")))
        yield redirected(deflated(sp.logout_request(f"<saml:NameID>{word}</saml:NameID>")), slo)
        yield "GET", sso, f"SAMLRequest={packed_bomb}&RelayState={word}", b""
        yield "GET", sso, f"SAMLResponse={quote(deflated(signed), safe='')}&RelayState={word}", b""
        yield "GET", sso, mutations.damaged_query(chance, query) + "&RelayState=&RelayState=", b""
        yield "GET", sso, query[:-40] + word[:40].ljust(40, "A"), b""
        yield "GET", f"/sites/acme/saml/resume/sgn_{word}", "", b""
        yield "GET", "/sites/acme/saml/start", f"sp=https://{word}.example/&RelayState={word}", b""
        yield "GET", f"/sites/{word}/saml/sso", query, b""
        yield posted(mutations.damaged_base64(chance, signed.encode()) + "!")
        yield posted(encoded(noise))
        yield posted(encoded(f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///{word}">]>{signed}'))
        yield posted(encoded(signed.replace("<samlp:AuthnRequest", f"<samlp:AuthnRequest x='{word}", 1)))
        yield posted(encoded(signed.replace(' Version="2.0"', f' Version="2.0" ProviderName="{word}"')))
        yield posted(encoded(stranger), slo)
        yield posted(encoded("<x>" * chance.randint(1, 3000)))
        yield "POST", sso, "", noise
        yield "POST", slo, "", b"SAMLRequest=" + b"A" * chance.randint(1, 90_000)


def of_names(chance: random.Random, sp: ServiceProvider) -> Iterator[Request]:
    """Yield requests to give up a name, by the browser, and answers that nobody waits for."""
    names_, slo = f"{SITE}/manage-nameid", f"{SITE}/slo"
    wish = f'<saml:NameID Format="{names.PERSISTENT}">nobody</saml:NameID><samlp:Terminate/>'

    def asked(**changes: str | None) -> str:
        attributes = {
            "ID": sp.new_id(),
            "Version": "2.0",
            "IssueInstant": stamp(NOON),
            "Destination": f"{sp.idp}/manage-nameid",
        }
        return sp._request("ManageNameIDRequest", attributes | changes, "", wish)

    def sent(message: str, to: str, field: str = "SAMLRequest") -> Request:
        if chance.random() < 0.5:
            return "POST", to, "", f"{field}={quote(message, safe='')}&RelayState={chance.random()}".encode()
        return "GET", to, f"{field}={quote(message, safe='')}", b""

    while True:
        noise = chance.randbytes(chance.randint(1, 400))
        word = noise[:20].hex()
        answer = logout_response(sp, f"_{word}")
        signed = sp.query(asked(), "state", sign=names.RSA_SHA256)
        yield sent(deflated(noise), names_)
        yield sent(encoded(asked()), names_)
        yield sent(deflated(asked(IssueInstant=stamp(NOON, days=-1))), names_)
        yield sent(encoded(sp.enveloped(asked(), by=pair("nobody"))), names_)
        yield sent(encoded(mutations.in_the_octets(chance, sp.enveloped(asked(Version="1.1")))), names_)
        yield "GET", names_, signed[:-40] + word[:40].ljust(40, "A"), b""
        yield sent(deflated(noise), slo, "SAMLResponse")
        yield sent(encoded(answer), slo, "SAMLResponse")
        yield sent(encoded(sp.enveloped(answer)), slo, "SAMLResponse")
        yield sent(deflated(mutations.in_the_octets(chance, answer)), slo, "SAMLResponse")


def by_soap(chance: random.Random, sp: ServiceProvider) -> Iterator[Request]:
    """Yield requests for a logout and to give up a name, by SOAP."""
    nobody = "<saml:NameID>nobody</saml:NameID>"

    def asked(to: str) -> str:
        at = f"http://localhost:8000{to}"
        if to.endswith("slo/soap"):
            return sp.logout_request(nobody, Destination=at)
        attributes: dict[str, str | None] = {
            "ID": sp.new_id(),
            "Version": "2.0",
            "IssueInstant": stamp(NOON),
            "Destination": at,
        }
        return sp._request("ManageNameIDRequest", attributes, "", f"{nobody}<samlp:Terminate/>")

    while True:
        for to in (f"{SITE}/slo/soap", f"{SITE}/manage-nameid/soap"):
            noise = chance.randbytes(chance.randint(1, 400))
            inside = sp.enveloped(asked(to), by=pair("nobody"))
            header = f"<S:Header><x>{noise.hex()}</x></S:Header>"
            for body in (
                noise,
                in_envelope(asked(to)),
                in_envelope(inside, header=header),
                in_envelope(inside, after=asked(to)),
                in_envelope("<x>" * chance.randint(1, 3000)),
                mutations.in_the_octets(chance, in_envelope(inside)),
                in_envelope(mutations.in_the_tree(chance, inside, asked(to)).decode()),
                f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///{noise.hex()}">]>'.encode() + in_envelope(inside),
            ):
                yield "POST", to, "", body


def answers(chance: random.Random, sp: ServiceProvider) -> Iterator[Answer]:
    """Yield what applications answer that were told of a logout by SOAP."""
    while True:
        noise = chance.randbytes(chance.randint(1, 400))
        answer = logout_response(sp, f"_{noise.hex()[:20]}", Destination=None)
        signed = sp.enveloped(answer, by=pair("nobody"))
        for body in (
            noise,
            in_envelope(answer),
            in_envelope(signed),
            mutations.in_the_octets(chance, in_envelope(signed)),
            in_envelope(mutations.in_the_tree(chance, signed, answer).decode()),
            in_envelope("<x>" * chance.randint(1, 3000)),
        ):
            yield Answer(body)


def everything(chance: random.Random, sp: ServiceProvider) -> Iterator[Request | Answer]:
    """Yield what is malformed without end, of all roads in turn."""
    for several in zip(
        *(road(chance, sp) for road in (by_browser, by_browser, of_names, by_soap, answers)), strict=True
    ):
        yield from several


def call(app: Any, request: Request) -> str:
    """Send *request* to the WSGI application; return the status, and whether it came by SOAP (where 500 is the client's fault)."""
    method, path, query, body = request
    by_soap_ = path.endswith("/soap")
    kind = XML if by_soap_ else FORM
    environ = create_environ(path, method=method, data=body, content_type=kind if method == "POST" else None)
    environ["QUERY_STRING"] = query.encode().decode("latin-1")
    got: list[int] = []
    answer = app(environ, lambda status, *_: got.append(int(status[:3])))
    for _ in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()
    return f"SOAP {got[0]}" if by_soap_ else str(got[0])


def hear(database: Database, told: Told, answer: Answer) -> str:
    """Let *answer* be what an application says that was told of a logout; return what came of it."""
    with database.transaction() as tx:
        judge = telling.tellers("http://localhost:8000")[PROTOCOL].judge
        return judge(Work(tx, people.OPERATOR_ACTOR, NOON, Origin("job")), told, Reply(200, answer)).outcome


def main(folder: Path, count: int) -> None:
    temporary = folder / "temporary"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = None
    url = f"sqlite:///{folder}/malformed.db"
    database = Database(url, Vault({"test": bytes(32)}, "test"))
    schema.migrate(database)
    sp = ServiceProvider(pair=pair())
    with database.transaction() as tx:
        work = Work(tx, people.OPERATOR_ACTOR, NOON, Origin("cli"))
        fill(work)
        made = registering.register(work, "acme", sp.metadata(signing=sp.pair.der), everyone=True)
        told = Told(made.organization_id, made.application_id, "ses_x", "acc_x", {}, "_asked")
    for number in range(4096):  # what a process may remember is bounded: it is full from the beginning
        database.memory.recall((number, "x" * 1000), lambda: None)
    configure("error")
    settings = resolve(
        {"base_url": "http://localhost:8000", "database": {"url": url}, "log": {"level": "error"}}, folder
    )
    app = app_.create(settings, database=database, clock=lambda: NOON)
    own = psutil.Process()
    outcomes: dict[str, int] = {}
    memory: list[int] = []
    files = 0
    for number, one in enumerate(everything(random.Random(6), sp)):
        if number in (count // 5, count):
            gc.collect()
            memory.append(own.memory_info().rss)
        if number == count // 5:
            files = own.num_fds()
        if number == count:
            break
        outcome = hear(database, told, one) if isinstance(one, bytes) else call(app.wsgi_app, one)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    measured = {
        "outcomes": outcomes,
        "kilobytes": [value // 1024 for value in memory],
        "files": [files, own.num_fds()],
        "left": sorted(path.name for path in temporary.iterdir()),
    }
    sys.stdout.write(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
