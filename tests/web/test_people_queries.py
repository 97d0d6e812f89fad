"""The pages of people, of somebody with three and with thirty of everything: as many statements."""

from datetime import timedelta

from idp.base.ids import new_id
from idp.directory.joining_models import AccessRequest
from idp.signon.models import Consent
from tests.support.front import ANN
from tests.web.conftest import signed_in
from tests.web.console.conftest import queries_of
from tests.web.console.test_queries import FEW, MANY, World

__all__ = ["queries_of"]

PAGES = (
    *("/", "/arrange", "/requests", "/account", "/account/signing-in", "/account/devices", "/account/applications"),
    *("/account/tokens", "/account/history", "/account/data", "/account/connection"),
)


def _of_ann(front, numbers):
    own = {"organization_id": front.organization_id, "account_id": front.account_ids[ANN]}
    for number in numbers:
        front.later(seconds=1)
        front.sign_in_elsewhere(ANN, f"Firefox {number}", f"203.0.113.{number}")
    with front.work() as work:
        for number in numbers:
            to = f"app_{number}"
            asks, now = ["scope:openid"], work.now
            work.tx.session.add(Consent(**own, id=new_id("cns"), application_id=to, asks=asks, given_at=now))
            asked = {"application_id": to, "reason": "R", "state": "denied", "created_at": now - timedelta(days=number)}
            work.tx.session.add(AccessRequest(**own, id=new_id("arq"), **asked))


def test_every_page_of_somebody_with_thirty_of_everything_asks_as_much_as_with_three(front, queries_of):
    world, counted, sizes = World(front), {}, {}
    for before, many in ((0, FEW), (FEW, MANY)):
        world.have(many)
        _of_ann(front, range(before, many))
        front.later(minutes=1)  # the next code
        ann = signed_in(front)
        for path in PAGES:
            ann.open(path)
            counted.setdefault(path, []).append(queries_of(lambda path=path, ann=ann: ann.open(path)))
            sizes.setdefault(path, []).append((ann.status, ann.path, len(ann.answer.data)))

    assert {path: count for path, count in counted.items() if count[0] != count[1]} == {}
    assert {path: size for path, size in sizes.items() if any(one[:2] != (200, path) for one in size)} == {}
    for path in ("/", "/arrange", "/requests", "/account/devices", "/account/applications", "/account/tokens"):
        assert sizes[path][1][2] > sizes[path][0][2], f"{path} shows no more of them"
