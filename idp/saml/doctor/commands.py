"""The commands that findings name: how somebody lets metadata be what is known of an application."""

from idp.audit.findings import Place, Remedy, remedy
from idp.saml.doctor.subjects import Registered


def taking_over(registered: Registered | None, says: str) -> Remedy:
    """Return how metadata is taken over: from the address that it comes from, else from a file; looked at first."""
    if registered is not None and registered.metadata_url:
        command = (
            "idp application saml refresh APP (or from a file: idp application saml set APP --metadata FILE, first "
            "with --dry-run)"
        )
    else:
        command = "idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)"
    return remedy(says, command, Place.SAML, app_of(registered))


def app_of(registered: Registered | None) -> str | None:
    """Return the id of what is registered, None where nothing is."""
    return None if registered is None else registered.application_id


def registering(says: str, site: str) -> Remedy:
    """Return how the metadata of an application that is not known yet is registered at *site* (its slug)."""
    return Remedy(says, f"idp application create-saml --site {site} --metadata FILE", Place.NEW_SAML)
