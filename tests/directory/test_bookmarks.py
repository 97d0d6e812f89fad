"""Bookmarks: a tile that leads to an https address, granted as any application, and nothing a protocol could use."""

import pytest
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import access, applications, bookmarks, tiles
from idp.directory.bookmarks import Change
from idp.oidc import clients
from idp.saml import providers

ADDRESS = "https://canteen.acme.example/menu?week=1"


@pytest.fixture
def acme(an_organization, a_site):
    an_organization()
    return a_site()


def made(work, **changes):
    return bookmarks.create(work, "acme", **{"name": "Canteen", "address": ADDRESS, **changes})


def test_a_bookmark_is_an_application_that_is_granted_like_any_other(work, acme, an_account):
    ann = an_account()
    bookmark = made(work, note="What there is\n to eat", requestable=True)

    assert (bookmark.protocol, bookmark.launch_url, bookmark.note) == ("bookmark", ADDRESS, "What there is to eat")
    assert bookmark.requestable
    assert access.openable(work, ann.organization_id, ann.id) == []
    applications.grant(work, bookmark.id, everyone=True)
    work.tx.session.flush()
    assert access.openable(work, ann.organization_id, ann.id) == [bookmark]


@pytest.mark.parametrize(
    "address",
    ["", "http://canteen.example/", "javascript:alert(1)", "//canteen.example", "https://", "https://a b/", "data:,x",
     "https://user@canteen.example/", "https://canteen.example/\nSet-Cookie:", "/signin"],
)  # fmt: skip
def test_t11_only_an_https_address_is_taken(work, acme, address):
    with pytest.raises(Invalid) as refused:
        made(work, address=address)
    assert refused.value.field == "address"
    bookmark = made(work)
    with pytest.raises(Invalid):
        bookmarks.edit(work, bookmark.id, Change(address=address))


def test_what_is_edited_is_recorded_and_the_second_of_two_is_told(work, acme):
    bookmark = made(work)
    read = bookmark.version
    bookmarks.edit(work, bookmark.id, Change(name="Kitchen", note="Lunch", requestable=True), if_version=read)
    bookmarks.edit(work, bookmark.id, Change(name="Kitchen"))

    details = list(
        work.tx.session.scalars(select(AuditEntry.details).where(AuditEntry.tag == "application.bookmark-changed"))
    )
    assert details[1:] == [
        {
            "name": "Kitchen",
            "before": {"name": "Canteen", "note": "", "requestable": "no"},
            "after": {"name": "Kitchen", "note": "Lunch", "requestable": "yes"},
        }
    ], "and what changes nothing is not recorded"
    with pytest.raises(Conflict, match="Someone else"):
        bookmarks.edit(work, bookmark.id, Change(name="Buffet"), if_version=read)


def test_no_protocol_knows_a_bookmark(work, acme):
    bookmark = made(work)

    with pytest.raises(NotFound, match="no SAML application"):
        providers.of_application(work, bookmark)
    with pytest.raises(NotFound, match="no OpenID Connect application"):
        clients.of_application(work, bookmark)


def test_what_has_a_protocol_is_no_bookmark_but_has_a_note(work, acme, an_application):
    wiki = an_application(acme)

    with pytest.raises(Conflict, match="no bookmark"):
        bookmarks.edit(work, wiki.id, Change(address=ADDRESS))
    tiles.set_tile(work, wiki.id, note="Ask Ben", requestable=True)
    assert (wiki.note, wiki.requestable, wiki.launch_url) == ("Ask Ben", True, "")
    tiles.set_tile(work, wiki.id, note="")
    assert (wiki.note, wiki.requestable) == ("", True)
    with pytest.raises(Invalid):
        tiles.set_tile(work, wiki.id, note="x" * 1025)


def test_who_may_not_edit_applications_changes_no_bookmark(work, acme, as_account, an_account, stranger):
    bookmark = made(work)
    theirs = as_account(work, an_account(), "auditor")

    with pytest.raises(Forbidden):
        made(theirs)
    with pytest.raises(Forbidden):
        bookmarks.edit(theirs, bookmark.id, Change(name="Mine"))
    with pytest.raises(Forbidden):
        tiles.set_tile(theirs, bookmark.id, note="Mine")
    for act in (
        lambda: made(stranger(work)),
        lambda: bookmarks.edit(stranger(work), bookmark.id, Change(name="Mine")),
        lambda: tiles.set_tile(stranger(work), bookmark.id, note="Mine"),
    ):
        with pytest.raises(NotFound):
            act()
