"""The commands that findings name: how somebody lets metadata be what is known of an application."""

from idp.saml.doctor.subjects import Registered


def taking_over(registered: Registered | None) -> str:
    """Return how metadata is taken over: from the address that it comes from, else from a file; looked at first."""
    app = registered.application_id if registered is not None else "APP"
    if registered is not None and registered.metadata_url:
        return (
            f"idp application saml refresh {app} (or from a file: idp application saml set {app} --metadata FILE, "
            "first with --dry-run)"
        )
    return f"idp application saml set {app} --metadata FILE (first with --dry-run: it says what would change)"
