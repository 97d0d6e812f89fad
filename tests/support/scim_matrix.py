"""Each call of SCIM as it is sent when it is good, and the two directories of Acme and one of the neighbour that send it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from idp.provisioning import clients, tokens
from tests.support.scim import PATCH, Peer, group, user
from tests.support.two_tenants import Tenants

WRITTEN_DOWN = frozenset({"provisioning_calls", "audit_entries", "provisioning_tokens", "provisioning_clients"})
"""Where a refused call leaves a line, and when a token was last used: nothing that it asked for."""
SEARCHED = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "title pr"}


@dataclass(frozen=True)
class Good:
    """A call that is taken: its path, what is in its body, and what is answered. ``{user}``, ``{group}``: ids."""

    path: str
    status: int = 200
    body: Mapping[str, Any] | None = field(default=None, hash=False)


_OFF = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Other"}]}
_USER = user("yan@acme.example", title="Clerk")
TABLE: dict[tuple[str, str], Good] = {
    ("GET", "scim.users"): Good("/Users"),
    ("POST", "scim.users"): Good("/Users", 201, _USER),
    ("POST", "scim.search_users"): Good("/Users/.search", 200, SEARCHED),
    ("GET", "scim.user"): Good("/Users/{user}"),
    ("PUT", "scim.user"): Good("/Users/{user}", 200, user(title="Chief")),
    ("PATCH", "scim.user"): Good("/Users/{user}", 200, _OFF),
    ("DELETE", "scim.user"): Good("/Users/{user}", 204),
    ("GET", "scim.groups"): Good("/Groups"),
    ("POST", "scim.groups"): Good("/Groups", 201, group("Marketing")),
    ("POST", "scim.search_groups"): Good("/Groups/.search", 200, SEARCHED | {"filter": "displayName pr"}),
    ("GET", "scim.group"): Good("/Groups/{group}"),
    ("PUT", "scim.group"): Good("/Groups/{group}", 200, group("Selling")),
    ("PATCH", "scim.group"): Good("/Groups/{group}", 200, _OFF),
    ("DELETE", "scim.group"): Good("/Groups/{group}", 204),
    ("GET", "scim.config"): Good("/ServiceProviderConfig"),
    ("GET", "scim.resource_types"): Good("/ResourceTypes"),
    ("GET", "scim.resource_type"): Good("/ResourceTypes/User"),
    ("GET", "scim.schemas"): Good("/Schemas"),
    ("GET", "scim.schema"): Good("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"),
    ("POST", "scim.not_offered"): Good("/Bulk", 501),
    ("GET", "scim.not_offered"): Good("/Me", 501),
    ("PUT", "scim.not_offered"): Good("/Me", 501),
    ("PATCH", "scim.not_offered"): Good("/Me", 501),
    ("DELETE", "scim.not_offered"): Good("/Me", 501),
}
NOT_OFFERED = 501
"""What nobody is told more of than that it is not there; so nobody is asked who they are."""


class Directories:
    """What two directories of Acme and one of the neighbour have brought: a user and a group each."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants, front = tenants, tenants.front
        self.mine, self.other = Peer(front, "Mine"), Peer(front, "Beside")
        self.theirs = Peer(front, "Quokka's", organization="quokka")
        self.own = self._brought(self.mine, "zoe@acme.example", "Sales")
        self.beside = self._brought(self.other, "xan@acme.example", "Buying")
        self.foreign = self._brought(self.theirs, "gus@quokka.example", "Quokka Sales")
        self.nobody = {"user": "acc_" + "a" * 26, "group": "grp_" + "a" * 26}
        self.bad = self._bad()
        tenants.keep()

    def _brought(self, peer: Peer, email: str, name: str) -> dict[str, str]:
        made = peer.bring(email, title="Baker")["id"]
        return {"user": made, "group": peer.bring_group(name, made)["id"]}

    def _bad(self) -> dict[str, str | None]:
        """Every kind of a header that nobody is to be answered for."""
        front, made = self.tenants.front, {}
        for name in ("expired", "revoked", "of a deleted client", "of a client that is off"):
            made[name] = Peer(front, name.title())
        with front.work() as work:
            for name, one in made.items():
                organization = {"organization_id": one.organization_id}
                row = tokens.good(work, clients.client(work, one.id, **organization))[0]
                if name == "expired":
                    row.expires_at = work.now - timedelta(seconds=1)
                elif name == "revoked":
                    tokens.revoke(work, one.id, row.id, **organization)
                elif name == "of a deleted client":
                    clients.delete(work, one.id, **organization)
                else:
                    clients.disable(work, one.id, **organization)
        good = self.mine.token
        return {
            "nothing": None,
            "an empty one": "Bearer ",
            "another scheme": f"Basic {good}",
            "no scheme": good,
            "an unknown token": f"Bearer scim_{'a' * 43}",
            "a part of one": f"Bearer {good[:-1]}",
            "another kind of token": f"Bearer {good.replace('scim_', 'api_')}",
            **{name: f"Bearer {one.token}" for name, one in made.items()},
        }

    def call(self, method: str, good: Good, ids: Mapping[str, str], peer: Peer | None = None, **body: Any) -> Any:
        """Send a good call, about *ids*, as *peer* (``mine``), with what is in *body* beside or instead."""
        sent = None if good.body is None else {**good.body, **body}
        return (peer or self.mine).call(method, good.path.format(**ids), sent)

    def call_as(self, method: str, good: Good, authorization: str | None) -> TestResponse:
        """Send a good call with another header, or none."""
        return self.mine.http.open(
            f"/scim/v2{good.path.format(**self.own)}",
            method=method,
            json=good.body,
            headers={} if authorization is None else {"Authorization": authorization},
        )

    def changed(self) -> list[str]:
        """Return the tables in which anything has changed, in either organization, but for what is written down."""
        found = {*self.tenants.changed(self.tenants.ours), *self.tenants.changed(self.tenants.theirs)}
        return sorted(found - WRITTEN_DOWN)
