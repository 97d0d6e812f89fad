"""How findings say what to change here."""

from idp.audit.findings import Place, Remedy, remedy
from idp.base.texts import phrase, sentence
from idp.oidc.checking.subjects import Registered


def change(registered: Registered | None, what: str, option: str = "(--help has the options)") -> Remedy:
    """Return what says to change *what* of a registration, a part of a sentence; by the *option* of the command."""
    app = registered.application_id if registered is not None else None
    return remedy(
        phrase("In the registration of %(app)s, %(what)s.", app=app or "APP", what=sentence(what)),
        f"idp application oidc set APP {option}",
        Place.CLIENT,
        app,
    )
