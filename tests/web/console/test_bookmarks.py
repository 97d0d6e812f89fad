"""Bookmarks in the console: added, edited, given a logo and to people; never another organization's."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.directory import application_lists, applications, bookmarks, organizations, queries, reaching, sites
from tests.support.front import ANN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

ADDRESS = "https://canteen.acme.example/"


def made(front, name="Canteen"):
    with front.work() as work:
        return bookmarks.create(work, "acme", name=name, address=ADDRESS).id


def png():
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(out, "PNG")
    return out.getvalue()


def test_a_bookmark_is_added_given_to_everyone_and_is_a_tile(front, admin):
    assert "No bookmark yet" in admin.open("/admin/bookmarks").text
    admin.open("/admin/bookmarks/new").submit("Add it", name="Canteen", address=ADDRESS, note="Lunch", site="acme")
    assert "Nobody may open it yet" in admin.text
    admin.submit("Give access", who="everyone")
    assert "people of the organization may open “Canteen” at once" in admin.text
    admin.submit("Give access")
    assert "Everyone" in admin.page.xpath("string(//section[@aria-labelledby='access']/ul)")

    assert ADDRESS in admin.open("/").page.xpath("//*[@data-tile]//a/@href")
    assert "Canteen" in admin.open("/admin/bookmarks?q=cant").text
    assert "No bookmark has such a name" in admin.open("/admin/bookmarks?q=wiki").text


def test_access_is_withdrawn_after_being_told_how_many_lose_it(front, admin):
    bookmark = made(front)
    with front.work() as work:
        applications.grant(work, bookmark, everyone=True)
        applications.grant(work, bookmark, account=ANN)
        people = reaching.everyone(work, front.organization_id)
    assert ADDRESS in admin.open("/").page.xpath("//*[@data-tile]//a/@href")

    [withdraw] = admin.open(f"/admin/bookmarks/{bookmark}").page.xpath("//a[contains(., 'Withdraw Everyone')]/@href")
    admin.open(withdraw)
    assert f"{people - 1} people cannot open it any more" in admin.text
    admin.submit("Withdraw", reason="The canteen has closed.")

    assert "Access to Canteen was withdrawn." in admin.text
    [still] = admin.page.xpath("//section[@aria-labelledby='access']/ul/li")
    assert ANN in still.text_content()
    with front.work() as work:
        [entry] = work.tx.session.scalars(select(AuditEntry).where(AuditEntry.tag == "application.access-withdrawn"))
        assert (entry.target_id, entry.details["reason"]) == (bookmark, "The canteen has closed.")
    assert admin.open(withdraw).status == 404


def test_t10_who_may_not_give_access_is_not_asked_whether_to_withdraw_it(front):
    bookmark = made(front)
    with front.work() as work:
        grant = applications.grant(work, bookmark, everyone=True).id
    make_administrator(front, "auditor", ANN)
    auditor = signed_in(front)
    page = f"/admin/bookmarks/{bookmark}/access/{grant}/withdraw"

    token = auditor.open("/account/devices").field("csrf_token").get("value")
    assert not auditor.open(f"/admin/bookmarks/{bookmark}").page.xpath("//a[contains(@href, '/withdraw')]")
    assert auditor.open(page).status == 403
    assert auditor.client.post(page, data={"csrf_token": token}).status_code == 403
    with front.work() as work:
        assert [one.id for one in application_lists.openers(work, queries.application(work, bookmark))] == [grant]


@pytest.mark.parametrize("address", ["http://x.example/", "javascript:alert(1)", ""])
def test_t11_an_address_that_is_none_is_told_and_nothing_typed_is_lost(front, admin, address):
    admin.open("/admin/bookmarks/new").submit("Add it", name="Canteen", address=address, note="Lunch", site="acme")

    assert admin.status == 422
    assert "This is no https address." in admin.alert
    assert admin.field("name").get("value") == "Canteen"


def test_it_is_edited_for_the_version_that_was_read(front, admin):
    page = f"/admin/bookmarks/{made(front)}"
    admin.open(page + "/edit")
    front.later(seconds=30)
    signed_in(front).open(page + "/edit").submit("Save", name="Kitchen")
    admin.submit("Save", name="Buffet")

    assert admin.status == 409
    assert "Kitchen" in admin.text
    assert "Kitchen" in admin.open(page + "/history").text


def test_t12_a_logo_is_taken_and_what_is_none_is_refused(front, admin):
    page = f"/admin/bookmarks/{made(front)}"
    admin.open(page + "/edit")

    def send(content):
        form = admin.page.xpath("//form[@enctype]")[0]
        values = {i.get("name"): i.get("value", "") for i in form.xpath(".//input[@type='hidden']")}
        values["logo"] = (io.BytesIO(content), "../../x.svg", "image/svg+xml")
        return admin._followed(admin.client.post(page + "/logo", data=values, content_type="multipart/form-data"))

    assert send(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").status == 422
    assert "This is no picture" in admin.alert
    send(png())
    assert admin.page.xpath("//h1//img/@src")[0].startswith("/pictures/pic_")
    admin.open(page + "/edit").submit("Remove the logo", remove="1")
    assert not admin.page.xpath("//h1//img")


def test_t1_a_bookmark_of_another_organization_is_not_there_nor_is_another_application(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        foreign = bookmarks.create(work, "globex", name="Theirs", address=ADDRESS).id

    for one in (foreign, front.application_ids["Wiki"], "app_gone"):
        for tail in ("", "/edit", "/history", "/delete"):
            assert admin.open(f"/admin/bookmarks/{one}{tail}").status == 404
    assert "Theirs" not in admin.open("/admin/bookmarks").text


def test_it_is_deleted_after_being_asked(front, admin):
    admin.open(f"/admin/bookmarks/{made(front)}").follow("Delete").submit("Delete the bookmark")

    assert "No bookmark yet" in admin.text


def test_who_may_only_read_is_offered_nothing_and_refused(front):
    bookmark = made(front)
    make_administrator(front, "auditor", ANN)
    auditor = signed_in(front)
    auditor.open(f"/admin/bookmarks/{bookmark}")
    assert not auditor.page.xpath("//main//form")

    token = auditor.open("/account/devices").field("csrf_token").get("value")
    form = {"csrf_token": token, "name": "x", "address": ADDRESS, "who": "everyone"}
    for path in ("/edit", "/access", "/delete"):
        assert auditor.client.post(f"/admin/bookmarks/{bookmark}{path}", data=form).status_code == 403
    assert auditor.client.post("/admin/bookmarks/new", data={**form, "site": "acme"}).status_code in (403, 404)


def test_t12_a_site_gets_a_logo_that_its_page_to_sign_in_shows(front, admin, visitor):
    admin.open("/admin/sites/acme/edit")
    form = admin.page.xpath("//form[@enctype]")[0]
    values = {i.get("name"): i.get("value", "") for i in form.xpath(".//input[@type='hidden']")}

    def send(content):
        sent = {**values, "logo": (io.BytesIO(content), "logo.png")}
        return admin._followed(admin.client.post(form.get("action"), data=sent, content_type="multipart/form-data"))

    assert send(b"no picture").status == 422
    assert send(png()).path == "/admin/sites/acme"
    assert visitor.open(front.ask()).page.xpath("//header//img/@src")[0].startswith("/pictures/pic_")
    assert send(png()).status == 409, "for the version that was read"
    admin.open("/admin/sites/acme/edit").submit("Remove the logo", remove="1")
    assert not visitor.open(front.ask()).page.xpath("//header//img[contains(@src, 'pictures')]")
