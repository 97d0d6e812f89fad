"""An application's SCIM 2.0 server on loopback: small, real HTTP, and as moody as it is told to be."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "scim-canary-token-93"
_FILTER = re.compile(r'(\w+) eq (".*")')


@dataclass
class ScimServer:
    """
    What it knows, what it was asked, and its moods.

    ``fails``: (status, headers) that the next requests get, in order. ``refuses``: userNames that it takes no account
    of. ``patch``, ``filters``: whether it knows them. ``loses_answers``: does what it is asked, then hangs up.
    ``says``: what it answers in place of its JSON.
    """

    port: int
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    fails: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    patch: bool = True
    filters: bool = True
    token: str = TOKEN
    loses_answers: int = 0
    says: bytes | None = None
    lock: Any = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/scim/v2"

    def add(self, user_name: str, **further: Any) -> str:
        """Let somebody be there already."""
        made = {"id": f"r{len(self.users) + 1}", "userName": user_name, "active": True, **further}
        self.users[made["id"]] = made
        return made["id"]

    def named(self, user_name: str) -> list[dict[str, Any]]:
        return [one for one in self.users.values() if one["userName"] == user_name]

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        if parts.path == "/scim/v2/ServiceProviderConfig":
            return 200, {"patch": {"supported": self.patch}, "filter": {"supported": self.filters}}
        if parts.path == "/scim/v2/Users":
            return self._users(method, parse_qs(parts.query), body)
        if parts.path == "/scim/v2/Groups":
            if method == "GET":
                return self._found(self.groups, parse_qs(parts.query))
            made = {**body, "id": f"g{len(self.groups) + 1}"}
            self.groups[made["id"]] = made
            return 201, made
        here = self.groups if parts.path.startswith("/scim/v2/Groups/") else self.users
        user_id = unquote(parts.path.rpartition("/")[2])
        found = here.get(user_id)
        if method == "PATCH" and not self.patch:
            return 405, {}
        if found is None:
            return 404, {}
        if method == "DELETE":
            del here[user_id]
            return 204, None
        if method == "PUT":
            here[user_id] = {**body, "id": user_id}
        elif method == "PATCH":
            for operation in body["Operations"]:
                if operation["op"] == "replace" and "path" in operation:
                    found[operation["path"]] = operation["value"]
                elif operation["op"] == "replace":
                    found.update(operation["value"])
                else:
                    found.pop(operation["path"].rpartition(":")[2], None)
        return 200, here[user_id]

    def _found(self, among: dict[str, dict[str, Any]], query: dict[str, list[str]]) -> tuple[int, Any]:
        found = list(among.values())
        wanted = _FILTER.fullmatch(query.get("filter", [""])[0])
        if wanted and self.filters:
            value = json.loads(wanted[2])
            found = [one for one in found if str(one.get(wanted[1], "")).lower() == value.lower()]
        return 200, {"totalResults": len(found), "Resources": found}

    def _users(self, method: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        if method == "GET":
            return self._found(self.users, query)
        if body["userName"] in self.refuses:
            return 400, {"detail": "<b>no such department</b>", "scimType": "invalidValue"}
        if self.named(body["userName"]):
            return 409, {"scimType": "uniqueness"}
        return 201, self.users[self.add(body["userName"], **{k: v for k, v in body.items() if k != "userName"})]


@contextmanager
def scim_server() -> Iterator[ScimServer]:
    """Run such a server."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            with made.lock:
                made.asked.append((self.command, self.path, body))
                headers: dict[str, str] = {}
                if made.fails:
                    status, headers = made.fails.pop(0)
                    said: Any = {"detail": "not now"}
                elif self.headers.get("Authorization") != f"Bearer {made.token}":
                    status, said = 401, {}
                else:
                    status, said = made.answer(self.command, self.path, body)
                if made.loses_answers and self.command != "GET":
                    made.loses_answers -= 1
                    self.close_connection = True
                    return
            sent = made.says if made.says is not None else b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/scim+json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = ScimServer(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)
