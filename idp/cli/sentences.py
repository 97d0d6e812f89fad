"""One sentence for every audit event: what an entry says to a person. A test proves that none is missing."""

from string import Formatter
from typing import Any

SENTENCES: dict[str, str] = {
    "installation.initialized": "initialised the installation (version {version})",
    "organization.created": "created the organization {name} ({slug})",
    "site.created": "created the site {name} ({slug})",
    "site.changed": "changed a site from {before} to {after}",
    "account.created": "created the account {email} for {name}",
    "account.disabled": "disabled the account {email}",
    "account.enabled": "enabled the account {email} again",
    "account.renamed": "changed the names of the account {email} from {before} to {after}",
    "account.attributes-changed": "changed attributes of the account {email} from {before} to {after}",
    "role.granted": "made an account {role}",
    "group.created": "created the group {name}",
    "group.member-added": "added an account to the group {group} (source: {source})",
    "application.created": "registered the application {name} ({protocol})",
    "application.disabled": "disabled the application {name}",
    "application.enabled": "enabled the application {name} again",
    "application.deleted": "deleted the application {name}",
    "application.access-granted": "gave {subject_kind} {subject} access to an application",
    "release-policy.changed": "changed what may be released from {before} to {after}",
    "release-rules.changed": "changed what the {level} {name} sends under which names: {changes}",
    "authentication-policy.changed": "changed the authentication policy {name} from {before} to {after}",
    "service-provider.registered": "registered the SAML service provider {entity_id}",
    "service-provider.template-applied": "made a SAML service provider by the template {template} ({fields})",
    "service-provider.changed": "changed the SAML service provider {entity_id}: {changes}",
    "service-provider.redescribed": "changed what is known of the SAML service provider {entity_id} ({source}): {changes}",
    "service-provider.change-offered": "found new metadata of {entity_id}, which waits for approval: {changes}",
    "service-provider.offer-discarded": "discarded new metadata of {entity_id}: {changes}",
    "service-provider.refresh-failed": "could not take the metadata of {entity_id}: {cause}",
    "service-provider.expiry-warned": "found that the {what} of {entity_id} ends on {ends}, within {within_days} days",
    "service-provider.name-freed": "let the NameID {name} of the account {account_id} be given to another",
    "service-provider.legacy-allowed": "allowed old algorithms ({algorithms}) to {entity_id} until {until}",
    "service-provider.new-key-confirmed": "confirmed that {entity_id} takes the key {key_id}",
    "client.registered": "registered the OpenID Connect client {client_id}",
    "api.created": "registered the API {name} ({identifier})",
    "api.changed": "changed the API {identifier} from {before} to {after}",
    "api.disabled": "disabled the API {identifier}",
    "api.enabled": "enabled the API {identifier} again",
    "api.deleted": "removed the API {name} ({identifier}) for good",
    "api.secret-rotated": "made a new secret for the API {identifier}",
    "api.scope-added": "added the scope {scope} to the API {identifier}: {description}",
    "api.scope-changed": "changed what the scope {scope} of the API {identifier} means from {before} to {after}",
    "api.scope-removed": "removed the scope {scope} of the API {identifier}",
    "api.scope-granted": "granted {subject_kind} {subject} the scope {scope} of the API {identifier} (until: {until})",
    "api.scope-withdrawn": "withdrew the scope {scope} of the API {identifier} from {subject_kind} {subject}",
    "client.changed": "changed the OpenID Connect client {client_id} from {before} to {after}",
    "client.secret-rotated": "gave the OpenID Connect client {client_id} a new secret",
    "registration-token.created": "made a token for client registration ({name}; uses: {uses}; until {expires_at})",
    "registration-token.revoked": "revoked a token for client registration ({name})",
    "key.created": "made a key for {purpose} ({algorithm}), {state}",
    "key.imported": "brought a key for {purpose} ({algorithm}), {state}",
    "key.state-changed": "moved a key for {purpose} from {before} to {after}",
    "password.changed": "changed a password (as {by})",
    "password.change-required": "required a new password of {email} (signed out everywhere: {signed_out})",
    "password.found-breached": "signed in with a password that is on the list of breached ones; a new one is due",
    "password.imported": "gave {email} the hash of its password elsewhere ({scheme})",
    "second-step.enrolled": "set up a second step ({name})",
    "second-step.removed": "removed a second step ({name})",
    "recovery-codes.made": "made {count} new recovery codes",
    "recovery-code.used": "used a recovery code; {left} are left",
    "sign-in.failed": "failed to sign in ({method}: {cause})",
    "session.started": "signed in ({methods})",
    "session.ended": "was signed out ({cause})",
    "logout.finished": "told the applications of an ended session of {person} ({cause}): {summary}",
    "name-id.terminated": "ended the name that the application {application_id} knew an account by",
    "application.signed-on": "signed on to an application ({protocol})",
    "application.sign-on-refused": "was refused at an application ({code})",
    "consent.given": "agreed that an application receives {asks}",
    "consent.withdrawn": "took back a consent",
    "device.allowed": "let a device of {client_id} in, which asked from {device_ip} ({device_agent})",
    "device.denied": "kept a device of {client_id} out, which asked from {device_ip} ({device_agent}): {cause}",
    "token.issued": "received tokens as {client_id} ({grant_type})",
    "token.revoked": "revoked tokens of {client_id} ({cause})",
    "token.refused": "was refused tokens ({code})",
    "service-provider.fix-applied": "applied the doctor's fix for {kind}: {does}. Risk: {risk}",
    "access-policy.created": "created the access policy {name}",
    "access-policy.changed": "gave the access policy {name} version {number} of its rules: {changes}",
    "access-policy.deleted": "deleted the access policy {name}",
    "access-policy.assigned": "put the application {application} under the access policy {after} (before: {before})",
    "zone.created": "created the zone {name} ({usage}): {contents}",
    "zone.changed": "changed the zone {name}: {changes}",
    "zone.deleted": "deleted the zone {name}: {contents}",
    "known-device.added": "signed in on a new device ({user_agent})",
    "known-device.remembered": "is not asked for the second step on a device until {until}",
    "known-device.forgotten": "forgot a device ({user_agent})",
    "temporary-pass.made": "gave {email} a temporary access pass, good from {valid_from} to {valid_to}",
    "temporary-pass.revoked": "took back a temporary access pass of {email}",
    "temporary-pass.used": "used a temporary access pass",
    "second-steps.removed": "removed every second step of {email} ({removed}), its devices and its sign-ons",
    "factor.stopped": "stopped working after too many wrong tries in a row: {method}",
    "account.unlocked": "cleared the wrong tries counted for the account {email}",
    "request.blocked": "got no answer ({what}): the address is in the zone {zone} of the block list",
    "authentication-policy.created": "created the authentication policy {name} (for {kind}): {says}",
    "authentication-policy.deleted": "deleted the authentication policy {name}; {moved} accounts entered {moved_to}",
    "authentication-policy.default-chosen": "made {after} the default authentication policy in place of {before}",
    "account.policy-changed": "moved the account {email} from the authentication policy {before} to {after}",
    "account.kind-changed": "made the account {email} {after} (was {before})",
    "second-step.postponed": "put off setting up a second step ({used} times so far)",
    "break-glass-account.used": "ALARM: used the break-glass account {email}: {what} ({method})",
    "authenticator.renamed": "renamed a passkey or security key from {before} to {after}",
    "authenticator.cloned": "was refused with {name}: its counter showed {shown_count} after {known_count}, so there may be a copy of it",
    "password-reset.mailed": "mailed a link to set a new password (asked from {asked_from})",
    "password-reset.refused": "mailed no link to set a new password: {cause} (asked from {asked_from})",
    "password-link.used": "set a password by a link ({purpose})",
    "account.invited": "invited {email}",
    "first-password-link.made": "made a link to set the first password of {email} (mailed: {mailed})",
    "email-change.asked": "asked to have the address {wanted} in place of {before}",
    "account.email-changed": "changed an e-mail address from {before} to {after} (by: {changed_by})",
    "account.sessions-ended": "ended {count} sessions of {email}, its known devices and grants",
    "incident.reported": "said of {kind} that it was not them; removed: {removed}; address: {address}; helped by {helped_by}",
    "email-code.mailed": "was mailed a code to sign in with",
    "access.denied": "was not allowed to do this: {what}",
    "access-policy-trial.started": "put version {number} of the access policy {name} on trial instead of {instead_of} "
    "(until {until})",
    "access-policy-trial.confirmed": "confirmed version {number} of the access policy {name} (by {by})",
    "access-policy-trial.reverted": "put the access policy {name} back from version {number} to {back_to} ({because})",
}


def sentence(tag: str, details: dict[str, Any]) -> str:
    """Return the sentence of an entry, its details filled in as plain text."""
    pattern = SENTENCES.get(tag)
    if pattern is None:
        return tag
    parts: list[str] = []
    for words, name, _, _ in Formatter().parse(pattern):  # never str.format: details are not ours (threats I14)
        parts.append(words)
        if name is not None:
            parts.append(_plain(details.get(name)))
    return "".join(parts)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items()) or "nothing"
    return "" if value is None else str(value)
