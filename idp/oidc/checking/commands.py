"""How findings say what to change here."""

from idp.oidc.checking.subjects import Registered


def change(registered: Registered | None, what: str) -> str:
    """Return the sentence that says to change *what* of a registration."""
    app = registered.application_id if registered is not None else "APP"
    return f"In the registration of {app}, {what}: idp application oidc set {app} (--help has the options)"
