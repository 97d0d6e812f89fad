"""A directory of somebody else that writes into ours: our own small SCIM client."""

import json
from typing import Any

from idp.directory import domains
from idp.policy.domains import State
from idp.provisioning import clients, tokens
from idp.provisioning.scim.patch import PATCH
from idp.provisioning.scim.resources import GROUP, USER

TYPE = "application/scim+json"


def prove(front, name: str = "acme.example", organization: str = "acme") -> None:
    """Let the organization have proven a domain."""
    with front.work() as work:
        added = domains.add(work, organization, name)
        added.state, added.held_name = State.VERIFIED, name


class Peer:
    """A provisioning client of an organization, with a token. An answer is status, body, and headers."""

    def __init__(self, front, name: str = "Entra", *, organization: str = "acme", **settings: Any) -> None:
        self.front, self.http = front, front.app.test_client()
        with front.work() as work:
            made = clients.create(work, name, organization=organization, **settings)
            self.organization_id, self.id = made.organization_id, made.id
            self.token = tokens.rotate(work, made.id, organization_id=made.organization_id)[1]

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Any:
        """Send a call; *body* is made JSON unless it is bytes."""
        token = self.token if token is None else token
        return self.http.open(
            f"/scim/v2{path}",
            method=method,
            data=body if body is None or isinstance(body, bytes) else json.dumps(body),
            content_type=None if body is None else TYPE,
            headers={"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def bring(self, email: str = "zoe@acme.example", **further: Any) -> dict[str, Any]:
        """Bring a user, and return it."""
        answer = self.call("POST", "/Users", user(email, **further))
        assert answer.status_code == 201, answer.text
        return answer.json

    def bring_group(self, name: str = "Sales", *members: str, **further: Any) -> dict[str, Any]:
        """Bring a group with members, by their ids, and return it."""
        answer = self.call("POST", "/Groups", group(name, *members, **further))
        assert answer.status_code == 201, answer.text
        return answer.json

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        return self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


def user(email: str = "zoe@acme.example", **further: Any) -> dict[str, Any]:
    """A user as a directory sends one."""
    return {"schemas": [USER], "userName": email, "active": True, **further}


def group(name: str = "Sales", *members: str, **further: Any) -> dict[str, Any]:
    """A group as a directory sends one."""
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **further}
