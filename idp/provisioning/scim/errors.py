"""What can go wrong in SCIM's words (RFC 7644 section 3.12), and the table from our families of errors."""

from typing import Any

from idp.base.errors import ChangedMeanwhile, Conflict, Forbidden, IdpError, Invalid, NotFound, Unavailable

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
INVALID_FILTER, INVALID_PATH, INVALID_VALUE, INVALID_SYNTAX = (
    "invalidFilter",
    "invalidPath",
    "invalidValue",
    "invalidSyntax",
)
MUTABILITY, UNIQUENESS, NO_TARGET, TOO_MANY = "mutability", "uniqueness", "noTarget", "tooMany"


class ScimError(Invalid):
    """A refusal that SCIM has a word for; ``scim_type`` may be empty."""

    def __init__(self, status: int, scim_type: str, message: str, *, code: str = "", cause: str = "") -> None:
        super().__init__(message, code=code or scim_type or f"scim-{status}", cause=cause)
        self.status, self.scim_type = status, scim_type


def invalid(scim_type: str, message: str) -> ScimError:
    """Return a refusal with status 400."""
    return ScimError(400, scim_type, message)


def told(error: IdpError) -> tuple[int, str]:
    """Return the HTTP status and the ``scimType`` (or an empty one) of an error."""
    if isinstance(error, ScimError):
        return error.status, error.scim_type
    if isinstance(error, ChangedMeanwhile):
        return 412, ""
    for family, status, scim_type in (
        (NotFound, 404, ""),
        (Conflict, 409, UNIQUENESS),
        (Forbidden, 403, ""),
        (Invalid, 400, INVALID_VALUE),
        (Unavailable, 503, ""),
    ):
        if isinstance(error, family):
            return status, scim_type
    return 500, ""


def body(status: int, scim_type: str, detail: str) -> dict[str, Any]:
    """Return an error's document; the status is a text there."""
    found: dict[str, Any] = {"schemas": [ERROR], "status": str(status)}
    if scim_type:
        found["scimType"] = scim_type
    return {**found, "detail": detail}
