"""What signing on holds of a person, for that person. No hash, no secret, no token."""

from idp.directory.own_data import Portion
from idp.signon.models import (
    Authenticator,
    Consent,
    FormerPassword,
    KnownDevice,
    Logout,
    Notice,
    Password,
    RecoveryCode,
    SignIn,
    SignOnSession,
    TemporaryPass,
    TotpFactor,
)

PORTIONS = (
    Portion("password", Password, ("changed_at", "must_change", "imported")),
    Portion("former_passwords", FormerPassword, ("until",)),
    Portion("authenticator_apps", TotpFactor, ("name", "created_at", "confirmed_at", "last_used_at")),
    Portion(
        "passkeys",
        Authenticator,
        ("name", "aaguid", "transports", "verifies", "backed_up", "created_at", "last_used_at"),
    ),
    Portion("recovery_codes", RecoveryCode, ("created_at", "used_at")),
    Portion("temporary_passes", TemporaryPass, ("created_at", "valid_from", "valid_to", "used_at", "revoked_at")),
    Portion(
        "devices",
        KnownDevice,
        (
            *("id", "user_agent", "ip", "place", "first_seen_at", "last_seen_at"),
            *("remembered_at", "remembered_until", "revoked_at"),
        ),
        when="last_seen_at",
    ),
    Portion(
        "sessions",
        SignOnSession,
        (
            *("id", "methods", "started_at", "last_seen_at", "expires_at", "ended_at", "ended_because"),
            *("ip", "user_agent", "device_id"),
        ),
        when="started_at",
    ),
    Portion(
        "sign_ins",
        SignIn,
        (
            *("at", "outcome", "methods", "ip", "network", "country", "city", "asn", "latitude", "longitude"),
            *("device_id", "user_agent", "session_id"),
        ),
        when="at",
    ),
    Portion("sign_outs", Logout, ("created_at", "because", "finished_at"), when="created_at"),
    Portion("notices", Notice, ("kind", "facts", "at", "seen_at"), when="at"),
    Portion("consents", Consent, ("application_id", "asks", "given_at", "withdrawn_at"), when="given_at"),
)
