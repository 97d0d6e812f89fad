"""Objects as JSON values, by the names that the REST API uses. No secret is ever among them."""

from datetime import datetime
from typing import Any

from idp.audit.models import Attempt, AuditEntry
from idp.base.models import Job
from idp.directory import invitations
from idp.directory.joining_models import Invitation
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Organization, Site
from idp.directory.sites import issuer
from idp.keyring.models import SigningKey
from idp.oidc.models import Api, ApiScope, ApiScopeGrant
from idp.policy.authentication import FIELDS
from idp.policy.models import AuthenticationPolicy, ReleasePolicy


def instant(value: datetime | None) -> str | None:
    """Return *value* as RFC 3339 in UTC."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def organization(of: Organization) -> dict[str, Any]:
    return {
        "id": of.id,
        "slug": of.slug,
        "name": of.name,
        "created_at": instant(of.created_at),
        "suspended_at": instant(of.suspended_at),
    }


def site(of: Site, base_url: str) -> dict[str, Any]:
    address = issuer(base_url, of.slug)
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "slug": of.slug,
        "name": of.name,
        "issuer": address,
        "entity_id": f"{address}/saml/metadata",
        "saml_metadata_url": f"{address}/saml/metadata",
        "openid_configuration_url": f"{address}/.well-known/openid-configuration",
        "accent": of.accent,
        "support_contact": of.support_contact,
        "pkce_for_public_clients_only": of.pkce_for_public_clients_only,
        "client_registration": of.client_registration,
        "registered_clients_open_to": "everyone" if of.registered_clients_open_to_everyone else "nobody",
        "registered_clients_may_be_legacy": of.registered_clients_may_be_legacy,
        "fetch_request_objects": of.fetch_request_objects,
        "assertions_for_token_endpoint": of.assertions_for_token_endpoint,
        "description": of.description,
        "logo": {"url": of.logo_url, "width": of.logo_width, "height": of.logo_height} if of.logo_url else None,
        "organization_url": of.organization_url,
        "technical_contact": of.technical_contact,
        "sign_metadata": of.sign_metadata,
        "metadata_valid_days": of.metadata_valid_days,
        "picture_id": of.picture_id,
        "created_at": instant(of.created_at),
    }


def account(of: Account) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "email": of.email,
        "name": of.name,
        "kind": of.kind,
        "given_name": of.given_name,
        "family_name": of.family_name,
        "attributes": of.attributes,
        "created_at": instant(of.created_at),
        "disabled_at": instant(of.disabled_at),
        "managed_at": instant(of.managed_at),
        "deletion_at": instant(of.deletion_at),
        "last_active_at": instant(of.last_active_at),
        "version": of.version,
    }


def group(of: Group) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "name": of.name,
        "kind": of.kind,
        "description": of.description,
        "created_at": instant(of.created_at),
        "version": of.version,
    }


def membership(of: Membership) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "group_id": of.group_id,
        "account_id": of.account_id,
        "source": of.source,
        "valid_from": instant(of.valid_from),
        "valid_to": instant(of.valid_to),
    }


def application(of: Application) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "site_id": of.site_id,
        "protocol": of.protocol,
        "name": of.name,
        "launch_url": of.launch_url,
        "first_party": of.first_party,
        "requestable": of.requestable,
        "note": of.note,
        "picture_id": of.picture_id,
        "created_at": instant(of.created_at),
        "disabled_at": instant(of.disabled_at),
    }


def access_grant(of: AccessGrant, subject: str) -> dict[str, Any]:
    return {
        "id": of.id,
        "application_id": of.application_id,
        "subject_kind": of.subject_kind,
        "subject_id": of.subject_id,
        "subject": subject,
        "valid_from": instant(of.valid_from),
        "valid_to": instant(of.valid_to),
        "reason": of.reason,
    }


def invitation(of: Invitation, now: datetime) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "account_id": of.account_id,
        "email": of.email,
        "state": invitations.state_of(of, now).value,
        "invited_by": of.invited_by,
        "invited_by_name": of.invited_by_name,
        "import_id": of.import_id,
        "sent_at": instant(of.sent_at),
        "expires_at": instant(of.expires_at),
        "accepted_at": instant(of.accepted_at),
        "revoked_at": instant(of.revoked_at),
    }


def api(of: Api) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "site_id": of.site_id,
        "identifier": of.identifier,
        "name": of.name,
        "token_format": of.token_format,
        "token_seconds": of.token_seconds,
        "takes_api_tokens": of.takes_api_tokens,
        "created_at": instant(of.created_at),
        "disabled_at": instant(of.disabled_at),
    }


def api_scope(of: ApiScope) -> dict[str, Any]:
    return {
        "id": of.id,
        "api_id": of.api_id,
        "name": of.name,
        "description": of.description,
        "created_at": instant(of.created_at),
    }


def api_scope_grant(of: ApiScopeGrant, subject: str) -> dict[str, Any]:
    return {
        "id": of.id,
        "scope_id": of.scope_id,
        "subject_kind": of.subject_kind,
        "subject_id": of.subject_id,
        "subject": subject,
        "valid_from": instant(of.valid_from),
        "valid_to": instant(of.valid_to),
    }


def authentication_policy(of: AuthenticationPolicy, members: int | None = None) -> dict[str, Any]:
    """Return a policy; with the number of its *members*, where that was asked for."""
    value = {
        "id": of.id,
        "organization_id": of.organization_id,
        "name": of.name,
        "kind": of.kind,
        "is_default": of.is_default,
        **{name: getattr(of, name) for name in FIELDS},
        "grace_until": instant(of.grace_until),
        "version": of.version,
    }
    return value if members is None else {**value, "members": members}


def release_policy(of: ReleasePolicy) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "level": of.level,
        "subject_id": of.subject_id,
        "attributes": of.attributes,
        "rules": of.rules,
        "version": of.version,
    }


def key(of: SigningKey) -> dict[str, Any]:
    return {
        "id": of.id,
        "site_id": of.site_id,
        "purpose": of.purpose,
        "algorithm": of.algorithm,
        "state": of.state,
        "created_at": instant(of.created_at),
        "activated_at": instant(of.activated_at),
        "retired_at": instant(of.retired_at),
        "certificate": of.certificate_pem or None,
    }


def attempt(of: Attempt) -> dict[str, Any]:
    return {
        "id": of.id,
        "at": instant(of.at),
        "kind": of.kind,
        "outcome": of.outcome,
        "code": of.code,
        "cause": of.cause,
        "organization_id": of.organization_id,
        "site_id": of.site_id,
        "application_id": of.application_id,
        "account_id": of.account_id,
        "ip": of.ip,
        "request_id": of.request_id,
        "decision": of.decision,
        "rule": of.rule,
        "policy_version": of.policy_version,
        "context": of.context,
        "steps": of.steps,
    }


def audit_entry(of: AuditEntry) -> dict[str, Any]:
    return {
        "id": of.id,
        "at": instant(of.at),
        "event": of.tag,
        "organization_id": of.organization_id,
        "target_id": of.target_id,
        "actor": {"kind": of.actor_kind, "id": of.actor_id, "name": of.actor_name},
        "door": of.door,
        "ip": of.ip,
        "request_id": of.request_id,
        "details": of.details,
    }


def job(of: Job) -> dict[str, Any]:
    return {
        "id": of.id,
        "kind": of.kind,
        "key": of.key,
        "run_at": instant(of.run_at),
        "tries": of.tries,
        "finished_at": instant(of.finished_at),
        "dead_at": instant(of.dead_at),
        "last_error": of.last_error,
    }
