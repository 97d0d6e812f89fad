"""Made-up applications of each protocol, and whom they are opened to, row by row."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.oidc import metadata
from idp.saml.description import Endpoint, SpDescription
from idp.saml.names import POST


def applications(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Make applications of each protocol."""
    for number in range(tenant.applications):
        yield {
            "organization_id": tenant.id,
            "id": tenants.application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "protocol": tenants.protocol(chance, tenant, number),
            "name": tenants.application_name(chance, tenant, number),
            "launch_url": f"https://app-{number}.{tenants.domain(tenant)}/",
            "requestable": number % 5 == 0,
            "created_at": work.now - timedelta(days=500),
            "disabled_at": work.now - timedelta(days=2) if number % 60 == 7 else None,
        }


def providers(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Describe the service providers."""
    for number in range(tenant.applications):
        if tenants.protocol(chance, tenant, number) != "saml":
            continue
        entity_id = f"https://app-{number}.{tenants.domain(tenant)}/metadata"
        until = work.now + timedelta(days=12) if number % 200 == 1 else None
        described = SpDescription(
            entity_id=entity_id,
            display_name=tenants.application_name(chance, tenant, number),
            assertion_consumers=(
                Endpoint(POST, f"https://app-{number}.{tenants.domain(tenant)}/acs", index=0, is_default=True),
            ),
            logout_endpoints=(),
            signing_certificates=(),
            encryption_keys=(),
            nameid_formats=(),
            requested_attributes=(),
            authn_requests_signed=False,
            want_assertions_signed=True,
            valid_until=until,
        )
        yield {
            "organization_id": tenant.id,
            "application_id": tenants.application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "entity_id": entity_id,
            "metadata_xml": "",
            "description": described.to_json(),
            "relay_states": [],
            "ends_at": until,
            "created_at": work.now - timedelta(days=500),
            "updated_at": work.now - timedelta(days=500),
        }


def clients(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Register the clients."""
    for number in range(tenant.applications):
        if tenants.protocol(chance, tenant, number) != "oidc":
            continue
        asked = {
            "client_name": tenants.application_name(chance, tenant, number),
            "redirect_uris": [f"https://app-{number}.{tenants.domain(tenant)}/callback"],
            "token_endpoint_auth_method": "none",
        }
        yield {
            "organization_id": tenant.id,
            "application_id": tenants.application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "client_id": chance.id("cli", tenant.number, number),
            "registration": metadata.read(asked, allow_http_loopback=False),
            "created_at": work.now - timedelta(days=500),
            "updated_at": work.now - timedelta(days=500),
        }


def grants(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Open each application to two groups, some to everyone."""
    groups = tenants.group_count(tenant)
    for number in range(tenant.applications):
        everyone = number % 25 == 0
        for one in range(1 if everyone else 2):
            group = chance.number(groups, "gr", tenant.number, number, one)
            yield {
                "organization_id": tenant.id,
                "id": chance.id("acg", tenant.number, number, one),
                "application_id": tenants.application_id(chance, tenant, number),
                "subject_kind": "everyone" if everyone else "group",
                "subject_id": tenant.id if everyone else tenants.group_id(chance, tenant, group),
                "valid_from": work.now - timedelta(days=chance.number(500, "gv", tenant.number, number)),
            }
