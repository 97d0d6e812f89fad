"""What this server is able to do, and what it keeps of users and groups (RFC 7643 sections 5 to 7). Pure."""

from collections.abc import Iterable
from typing import Any

from idp.provisioning.scim.asking import LIST, MOST
from idp.provisioning.scim.resources import ENTERPRISE, ENTERPRISE_TEXTS, GROUP, TEXTS, USER

CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def config(base: str) -> dict[str, Any]:
    """Return what the server is able to do."""
    no, yes = {"supported": False}, {"supported": True}
    return {
        "schemas": [CONFIG],
        "patch": yes,
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {**yes, "maxResults": MOST},
        "changePassword": no,
        "sort": no,
        "etag": yes,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token that an administrator has made for this directory (RFC 6750).",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """Return the kinds of resources that there are."""
    return [
        {
            "schemas": [RESOURCE_TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "An account of the organization.",
            "schema": USER,
            "schemaExtensions": [{"schema": ENTERPRISE, "required": False}],
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/User"},
        },
        {
            "schemas": [RESOURCE_TYPE],
            "id": "Group",
            "name": "Group",
            "endpoint": "/Groups",
            "description": "A group of accounts.",
            "schema": GROUP,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/Group"},
        },
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """Return what is kept of each kind of resource."""
    user = [
        _text("userName", "The e-mail address; on a verified domain of the organization.", required=True, unique=True),
        _complex(
            "name",
            "The parts of the name.",
            [_text("givenName"), _text("familyName")],
        ),
        _text("displayName", "What the person is called."),
        *(_text(name) for name in TEXTS),
        _attribute("active", "boolean", "Whether the person may sign in."),
        _complex(
            "emails",
            "The e-mail address: always the userName.",
            [_text("value"), _text("type"), _attribute("primary", "boolean", "")],
            many=True,
            mutability="readOnly",
        ),
        _complex(
            "groups",
            "The groups that this directory has put the person into.",
            _references("Group"),
            many=True,
            mutability="readOnly",
        ),
    ]
    group = [
        _text("displayName", "What the group is called.", required=True),
        _complex("members", "Who is in it: users of this directory.", _references("User"), many=True),
    ]
    enterprise = [_text(name) for name in ENTERPRISE_TEXTS]
    return [
        _schema(USER, "User", "An account of the organization.", user, base),
        _schema(
            ENTERPRISE, "EnterpriseUser", "What an organization knows of the person beside that.", enterprise, base
        ),
        _schema(GROUP, "Group", "A group of accounts.", group, base),
    ]


def listed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return all of a kind as a list."""
    return {
        "schemas": [LIST],
        "totalResults": len(found),
        "startIndex": 1,
        "itemsPerPage": len(found),
        "Resources": found,
    }


def _schema(id_: str, name: str, description: str, attributes: Iterable[dict[str, Any]], base: str) -> dict[str, Any]:
    return {
        "schemas": [SCHEMA],
        "id": id_,
        "name": name,
        "description": description,
        "attributes": list(attributes),
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{id_}"},
    }


def _attribute(name: str, type_: str, description: str, **said: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": type_,
        "multiValued": False,
        "description": description,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
        **said,
    }


def _text(name: str, description: str = "", *, required: bool = False, unique: bool = False) -> dict[str, Any]:
    return _attribute(
        name,
        "string",
        description,
        required=required,
        caseExact=False,
        uniqueness="server" if unique else "none",
    )


def _complex(
    name: str,
    description: str,
    parts: list[dict[str, Any]],
    *,
    many: bool = False,
    mutability: str = "readWrite",
) -> dict[str, Any]:
    inner = [{**part, "mutability": mutability} for part in parts] if mutability != "readWrite" else parts
    return _attribute(name, "complex", description, multiValued=many, mutability=mutability, subAttributes=inner)


def _references(kind: str) -> list[dict[str, Any]]:
    """Return the parts of a value that is another resource, of one *kind*."""
    parts = [
        _text("value", "Its id."),
        _attribute("$ref", "reference", "Its address.", caseExact=True, referenceTypes=[kind]),
        _text("display", "What it is called."),
        {**_text("type", "What it is."), "canonicalValues": [kind]},
    ]
    return [{**part, "mutability": "readOnly" if part["name"] == "display" else "immutable"} for part in parts]
