"""Whether a database belongs to the wrapping keys at hand: said once at `idp init`, proven at every start."""

from sqlalchemy import inspect, select

from idp.audit.events import InstallationInitialized
from idp.audit.log import record
from idp.base.db import Database
from idp.base.errors import Unavailable
from idp.base.models import Installation
from idp.base.work import Work
from idp.keyring.wrapping import KeyFault

_PLACE = "installation:wrapping_check:1"
_PROOF = b"ostiary"


def is_initialized(database: Database) -> bool:
    """Say whether *database* was initialised before (whatever keys are at hand)."""
    with database.transaction() as tx:
        if not inspect(tx.connection).has_table(Installation.__tablename__):
            return False
        return tx.session.scalar(select(Installation.id)) is not None


def initialize(work: Work, version: str) -> bool:
    """Mark the database as initialised with the wrapping key at hand; False if it is marked already."""
    if work.tx.session.get(Installation, 1) is not None:
        return False
    sealed = work.tx.vault.seal(_PROOF, _PLACE)
    work.tx.session.add(Installation(id=1, initialized_at=work.now, wrapping_check=sealed))
    record(work, InstallationInitialized(organization_id=None, target_id="", version=version))
    return True


def check(database: Database) -> None:
    """
    Raises:
        KeyFault: the database was made with other wrapping keys, or was never initialised.
    """
    with database.transaction() as tx:
        row = tx.session.get(Installation, 1)
        if row is None:
            raise KeyFault("This database was never initialised.", advice="Run: idp init")
        try:
            tx.vault.open_(row.wrapping_check, _PLACE)
        except Unavailable as error:
            raise KeyFault(
                "The wrapping keys in the keys folder are not the ones that this database was made with.",
                advice="Restore the keys folder that belongs to this database from your backup.",
                cause=error.cause,
            ) from error
