"""What is sent to the addresses of the console, so that each does what it is there for."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image
from werkzeug.test import TestResponse

from tests.support import vendors
from tests.support.console_routes import forms, routes
from tests.support.front import BEN, DORA
from tests.support.two_tenants import Tenants, Things
from tests.support.visitor import Visitor

_SHIBBOLETH = vendors.SHIBBOLETH.document(vendors.SHIBBOLETH)


@dataclass(frozen=True)
class Sent:
    """What is sent to an address of the console: by a form of *page*, or, where that is empty, by no form there is."""

    endpoint: str
    page: str
    path: str
    values: dict[str, object] = field(compare=False)
    typed: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()

    def by(self, visitor: Visitor, headers: Mapping[str, str] | None = None, **changes: object) -> TestResponse:
        """Send it, with *changes*; what is bytes goes as a file."""
        data = {name: _file(value) for name, value in {**self.values, **changes}.items()}
        return visitor.client.post(self.path, data=data, headers=headers)

    def to(self, path: str) -> "Sent":
        """Return the same, sent to another address."""
        return replace(self, path=path)


def _file(value: object) -> object:
    return (io.BytesIO(value), "picture.png") if isinstance(value, bytes) else value


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(written, "PNG")
    return written.getvalue()


def _pem() -> str:
    return vendors.certified("matrix").certificate.public_bytes(Encoding.PEM).decode("ascii")


def everything(tenants: Tenants, visitor: Visitor, things: Things) -> list[Sent]:
    """Return something to send to every address that takes something: its forms as they are filled in, each kind once."""
    typed, found = filled(things), []
    for one in forms(tenants, visitor, things):
        values = {**one.sends, **typed.get(one.endpoint, {})}
        found.append(Sent(one.endpoint, one.page, one.action, values, one.typed, one.controls | values.keys()))
    token = found[0].values["csrf_token"]
    reached = {one.endpoint for one in found}
    for route in routes(tenants.front.app, "POST"):
        if route.endpoint not in reached:
            values = {"csrf_token": token, **typed.get(route.endpoint, {})}
            found.append(
                Sent(route.endpoint, "", route.path(things.values(route.rule)), values, frozenset(), frozenset(values))
            )
    return sorted(found, key=lambda one: (one.endpoint, one.path))


def filled(things: Things) -> dict[str, dict[str, object]]:
    """Return what is typed and pressed in the forms of each endpoint, beside what they send as they stand."""
    return {
        "console_access.assign": {"names": "Payroll"},
        "console_access.create": {"name": "Contractors"},
        "console_access_paths.give": {"application": things.okta},
        "console_access_paths.mark": {"group": "Staff"},
        "console_access_rules.create": {
            "name": "No Ben",
            "people.accounts": BEN,
            "answer.effect": "deny",
            "mode": "off",
        },
        "console_access_rules.move": {"by": "up"},
        "console_accounts.save": {"name": "Benjamin Baker"},
        "console_api_scopes.add": {"name": "orders:write", "description": "Change your orders."},
        "console_api_scopes.grant": {"kind": "account", "account": BEN, "scope": things.scope},
        "console_api_scopes.save": {"description": "See all of your orders."},
        "console_apis.create": {"name": "Stock", "identifier": "urn:acme:stock", "site": things.acme},
        "console_apis.save": {"name": "Orders and returns", "minutes": "5"},
        "console_application_access.give": {"kind": "group", "group": "Research"},
        "console_application_adding.look": {"metadata": _SHIBBOLETH},
        "console_application_adding.register": {"metadata": _SHIBBOLETH, "site": things.acme},
        "console_application_adding.register_by_hand": {
            "name": "By Hand",
            "entity_id": "https://sp.example/saml",
            "consumers": "https://sp.example/acs",
        },
        "console_application_adding.register_template": {"field-workspace": "acme"},
        "console_application_adding_client.register": {"name": "Notes", "redirect_uris": "https://notes.example/cb"},
        "console_application_adding_client.register_template": {"field-url": "https://grafana.acme.example"},
        "console_application_client.save": {"redirect_uris": "https://rp.example/other"},
        "console_application_provisioning.set_token": {"token": "another-token-of-okta-12345"},
        "console_application_provisioning.set_up": {"endpoint": "https://other.acme.example/scim/v2"},
        "console_application_saml.add_certificates": {"certificates": _pem()},
        "console_application_saml.change_rules": {"name": "mail", "value": "mail"},
        "console_application_saml.compare": {"metadata": vendors.OKTA.document(vendors.OKTA)},
        "console_application_saml.decide": {"decision": "discard"},
        "console_application_saml.roll_over": {"act": "confirm"},
        "console_application_saml.take": {"metadata": vendors.OKTA.document(vendors.OKTA)},
        "console_applications.rename": {"name": "Okta Other"},
        "console_bookmarks.create": {"name": "Menu", "address": "https://menu.acme.example/"},
        "console_applications.logo": {"logo": _picture()},
        "console_application_aggregate.look": {"metadata": _SHIBBOLETH},
        "console_application_aggregate.register": {
            "metadata": _SHIBBOLETH,
            "site": things.acme,
            "entity": vendors.SHIBBOLETH.entity_id,
        },
        "console_bookmarks.give": {"who": "everyone"},
        "console_bookmarks.logo": {"logo": _picture()},
        "console_bookmarks.save": {"name": "Menu"},
        "console_bulk.start": {"act": "disable", "accounts": things.ben},
        "console_claim_lists.upload": {
            "for": "claim",
            "domain": things.values("/admin/domains/<domain_id>")["domain_id"],
            "file": b"dora@acme.example\n",
        },
        "console_domains.added": {"name": "acme-two.example"},
        "console_domains.claimed": {"act": "claim"},
        "console_domains.set_claiming": {"claiming": "automatic"},
        "console_domains.unclaimed": {"act": "unclaim"},
        "console_group_rules.carry_out": {"on": "on"},
        "console_groups.add": {"accounts": BEN},
        "console_groups.create": {"name": "Newcomers"},
        "console_groups.nest": {"parent": "Engineering"},
        "console_groups.remove": {"account": things.cleo},
        "console_groups.unnest": {"child": things.research, "parent": things.staff},
        "console_groups.save": {"name": "Everyone"},
        "console_imports.upload": {"file": b"email,name\nnew@acme.example,New\n"},
        "console_invitations.act": {"act": "revoke", "invitation": things.invitation},
        "console_invitations.invite": {"emails": "guest@partner.example", "kind": "guest"},
        "console_joining.create_rule": {"domain": "more.acme.example"},
        "console_joining.decide": {"act": "deny", "answer": "We do not know you."},
        "console_joining.save_rule": {"how": "at-once", "kind": "guest", "confirmed": "yes"},
        "console_keys.move": {"act": "switch", "anyway": "on"},
        "console_keys.rotate": {"anyway": "on"},
        "console_layouts.change": {"add": "Weekly"},
        "console_layouts.counts": {"overrides": "on"},
        "console_layouts.create": {"group": "Staff"},
        "console_layouts.order": {"up": things.values("/admin/layouts/<layout_id>")["layout_id"]},
        "console_organization.save": {"name": "Acme World"},
        "console_policies.create": {"name": "Lax"},
        "console_policies.move": {"people": DORA},
        "console_policies.save": {"name": "Stricter"},
        "console_provisioning.create": {"name": "Okta", "takes_over": "managed", "days": "90"},
        "console_provisioning.rotate": {"days": "90"},
        "console_provisioning.save": {"name": "Entra Global", "takes_over": "managed"},
        "console_registration_tokens.create": {"name": "Pipeline", "uses": "1", "days": "7"},
        "console_requests.decide": {"act": "deny", "answer": "Not before March."},
        "console_roles.create": {"name": "Readers", "permissions": ["organization:read"]},
        "console_roles.grant": {"reason": "She helps."},
        "console_roles.save": {"name": "Readers of logs"},
        "console_site_protocols.save": {"metadata_valid_days": "30"},
        "console_sites.create": {"name": "Acme Asia", "slug": "acme-asia"},
        "console_sites.logo": {"logo": _picture()},
        "console_sites.renamed": {"slug": "acme-global"},
        "console_sites.save": {"name": "Acme Main"},
        "console_zones.create": {"name": "Home", "networks": "198.51.100.0/24"},
        "console_zones.save": {"name": "Offices"},
    }
