"""Messages that were accepted already: the ID of an issuer's message is accepted once at a site (X19, O14)."""

from datetime import timedelta

from idp.base.ids import fingerprint
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.work import Work
from idp.signon.models import SeenMessage

_INSERT = Prepared(insert_if_absent(SeenMessage))
_LONGEST = 256


def first_time(work: Work, site_id: str, issuer: str, message_id: str, *, lives: timedelta) -> bool:
    """
    Say whether the message is seen for the first time, and remember it.

    It must be remembered for at least as long as it could be accepted for its dates: *lives*.
    Of many who ask at once, one is told that it was first.
    """
    return (
        work.tx.run(
            _INSERT,
            site_id=site_id,
            issuer_hash=fingerprint(issuer),
            message_id=message_id if len(message_id) <= _LONGEST else fingerprint(message_id),
            seen_at=work.now,
            expires_at=work.now + lives,
        )
        == 1
    )
