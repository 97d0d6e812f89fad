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
from typing import Any
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
from idp.settings import resolve
from tests.support import mutations, people
from tests.support.saml_world import fill
from tests.support.service_provider import NOON, ServiceProvider, deflated, encoded, pair, stamp

FORM = "application/x-www-form-urlencoded"
Request = tuple[str, str, str, bytes]
"""Method, path, query, body."""


def requests(chance: random.Random, sp: ServiceProvider) -> Iterator[Request]:
    """Yield malformed requests without end, no two the same, of every kind in turn."""
    sso, slo = "/sites/acme/saml/sso", "/sites/acme/saml/slo"
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


def call(app: Any, request: Request) -> int:
    """Send *request* to the WSGI application; return the status."""
    method, path, query, body = request
    environ = create_environ(path, method=method, data=body, content_type=FORM if method == "POST" else None)
    environ["QUERY_STRING"] = query.encode().decode("latin-1")
    got: list[int] = []
    answer = app(environ, lambda status, *_: got.append(int(status[:3])))
    for _ in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()
    return got[0]


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
        registering.register(work, "acme", sp.metadata(signing=sp.pair.der), everyone=True)
    for number in range(4096):  # what a process may remember is bounded: it is full from the beginning
        database.memory.recall((number, "x" * 1000), lambda: None)
    configure("error")
    settings = resolve(
        {"base_url": "http://localhost:8000", "database": {"url": url}, "log": {"level": "error"}}, folder
    )
    app = app_.create(settings, database=database, clock=lambda: NOON)
    own = psutil.Process()
    statuses: dict[int, int] = {}
    memory: list[int] = []
    files = 0
    for number, request in enumerate(requests(random.Random(6), sp)):
        if number in (count // 5, count):
            gc.collect()
            memory.append(own.memory_info().rss)
        if number == count // 5:
            files = own.num_fds()
        if number == count:
            break
        status = call(app.wsgi_app, request)
        statuses[status] = statuses.get(status, 0) + 1
    measured = {
        "statuses": statuses,
        "kilobytes": [value // 1024 for value in memory],
        "files": [files, own.num_fds()],
        "left": sorted(path.name for path in temporary.iterdir()),
    }
    sys.stdout.write(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
