"""A device without a browser, as its developer would write it."""

from typing import Any

from werkzeug.test import TestResponse

from tests.oidc.support import Place, Registered
from tests.support.visitor import Visitor

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TELEVISION = "203.0.113.50"
ADDRESS = "/sites/acme/oauth2/device_authorization"


def television(place: Place, **changes: Any) -> Registered:
    """A client for devices only: public, without redirect URIs, open to everyone, not the organization's own."""
    asked: dict[str, Any] = {
        "client_name": "Television",
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "none",
        "first_party": False,
    }
    return place.register(**(asked | changes))


def asking(
    place: Place,
    client: Registered,
    *,
    ip: str = TELEVISION,
    agent: str = "SmartTV/3",
    site: str = "acme",
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> TestResponse:
    """What the device authorization endpoint answers; None leaves a parameter out."""
    form = {"client_id": client.client_id, "scope": "openid profile email"} | changes
    return place.app.test_client().post(
        f"/sites/{site}/oauth2/device_authorization",
        data={name: value for name, value in form.items() if value is not None},
        headers={"User-Agent": agent, **(headers if headers is not None else {})},
        environ_base={"REMOTE_ADDR": ip},
    )


class Device:
    """A device that has asked and shows its code."""

    def __init__(self, place: Place, client: Registered, **changes: Any) -> None:
        self.place, self.client = place, client
        answer = asking(place, client, **changes)
        assert answer.status_code == 200, answer.text
        self.said: dict[str, Any] = answer.json
        self.code: str = self.said["user_code"]

    def poll(self, **changes: Any) -> TestResponse:
        form = {"grant_type": DEVICE_CODE, "device_code": self.said["device_code"]}
        return self.place.token(self.client, **(form | changes))

    def error(self, **changes: Any) -> str:
        """The error that a poll is answered with."""
        answer = self.poll(**changes)
        assert answer.status_code == 400, answer.text
        return answer.json["error"]

    def shown_to(self, visitor: Visitor) -> Visitor:
        """Let *visitor*, who is signed in, type the code in and agree, up to the question."""
        visitor.open("/device").submit(user_code=self.code)
        if visitor.title.startswith("Share with"):
            visitor.submit()
        return visitor

    def allowed_by(self, visitor: Visitor) -> Visitor:
        self.shown_to(visitor)
        assert visitor.title == "Let this device in?", visitor.text
        return visitor.submit("Let it in")
