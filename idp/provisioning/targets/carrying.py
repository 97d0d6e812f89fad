"""
One account carried to a target: look for it, link it or make it, change it, take it away.

Whatever was interrupted is begun anew: who is there already is found by ``externalId``, then by ``userName``, so that
sending twice makes one account. Who is to go is found by ``externalId`` alone: a name may be somebody else's there.
"""

from collections.abc import Collection
from dataclasses import dataclass

from idp.base.ids import is_id
from idp.provisioning.targets import server
from idp.provisioning.targets.plan import Act
from idp.provisioning.targets.rendering import Rendition, path_of
from idp.provisioning.targets.server import Call, Failed, Fault

DELETE, DEACTIVATE = "delete", "deactivate"
LOSSES = (DEACTIVATE, DELETE)


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is to be done for an account.

    Args:
        remote_id: its id there; empty: not known.
        rendition: what is to be known of it there; None where it goes.
        sent: which mapped attributes were sent last.
    """

    act: Act
    account_id: str
    remote_id: str
    rendition: Rendition | None
    sent: Collection[str]
    on_loss: str
    by_put: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What came of it.

    Args:
        act: what was done in the end: who was not there any more is created, who was found is updated.
        remote_id: the account's id there; empty: it is not there (any more).
        by_put: only PUT changes accounts there.
    """

    act: Act
    remote_id: str
    by_put: bool


def carry(call: Call, order: Order) -> Carried:
    """
    Do what *order* says.

    Raises:
        Failed: it came to nothing; doing it again repeats nothing.
    """
    if order.rendition is None:
        return _take_away(call, order)
    by_put = order.by_put
    if order.remote_id:
        there, by_put = _change(call, order, order.remote_id)
        if there:
            return Carried(Act.UPDATE, order.remote_id, by_put)
    found = _find(call, order)
    if not found:
        made = server.create(call, order.rendition.document)
        found = made or _find(call, order)  # somebody has it (409), or the answer does not say which it is
        if made:
            return Carried(Act.CREATE, made, by_put)
        if not found:
            raise Failed(Fault.TAKEN)
    there, by_put = _change(call, order, found)
    if not there:
        raise Failed(Fault.REFUSED, status=404)
    return Carried(Act.UPDATE, found, by_put)


def _find(call: Call, order: Order) -> str:
    """Return the id of the account there; empty: nobody there is this account, as far as the server tells."""
    assert order.rendition is not None
    for attribute, value in (("externalId", order.account_id), ("userName", order.rendition.user_name)):
        found = server.matching(call, attribute, value)
        if len(found) > 1:
            raise Failed(Fault.TAKEN)
        if found and _is_anothers(found[0].get("externalId"), order.account_id):
            raise Failed(Fault.TAKEN)  # a former account of that address: what it left there is not this one's
        if found:
            return server.id_of(found[0])
    return ""


def _is_anothers(external_id: object, account_id: str) -> bool:
    return isinstance(external_id, str) and external_id != account_id and is_id(external_id, "acc")


def _change(call: Call, order: Order, remote_id: str) -> tuple[bool, bool]:
    assert order.rendition is not None
    removed = [path_of(one) for one in order.sent if one not in order.rendition.names]
    return server.change(call, remote_id, order.rendition.document, removed, by_put=order.by_put)


def _take_away(call: Call, order: Order) -> Carried:
    remote_id = order.remote_id
    if not remote_id:
        found = server.matching(call, "externalId", order.account_id)
        remote_id = server.id_of(found[0]) if len(found) == 1 else ""
    if not remote_id:
        return Carried(Act.DEACTIVATE, "", order.by_put)
    if order.on_loss == DELETE:
        server.delete(call, remote_id)
        return Carried(Act.DEACTIVATE, "", order.by_put)
    by_put = server.deactivate(call, remote_id, by_put=order.by_put)
    return Carried(Act.DEACTIVATE, remote_id, by_put)
