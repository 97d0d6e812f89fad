"""Names made of attributes that a former registration of the same service provider has given to people (X23)."""

from sqlalchemy import bindparam, update

from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.saml.models import SamlName

_TABLE = table(SamlName)
_INHERIT = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.application_id == bindparam("former_application"),
    )
    .values(application_id=bindparam("new_application"))
)


def inherit(work: Work, organization_id: str, former: str, application_id: str) -> None:
    """
    Let the names that people had at the application *former* be theirs at *application_id*, its successor.

    The service provider knows nothing of our ids: to it a name is the person's who came with it first.
    A part of verbs, which see and require.
    """
    work.tx.run(_INHERIT, of_organization=organization_id, former_application=former, new_application=application_id)
