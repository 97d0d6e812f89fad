"""/arrange and favourites: everybody arranges their own launcher, without a script and with one."""

import io

import pytest
from PIL import Image

from idp.directory import bookmarks, launcher_arrangements, launcher_layouts, pictures
from idp.policy.launcher import Section
from tests.support.front import ANN, DORA
from tests.web.conftest import signed_in

SHOWN = "//section[@class[contains(., 'shelf')]]"


def shelves(visitor):
    """What the launcher shows: heading and tiles of each section."""
    return [
        (heading(section), section.xpath(".//*[@data-tile]//a/text() | .//*[@data-tile]//b/text()"))
        for section in visitor.page.xpath(SHOWN)
    ]


def heading(section):
    """Without the letter of the doorway, which is not read aloud."""
    return " ".join("".join(section.xpath("h2/text() | h2/bdi/text()")).split())


def lists(visitor):
    return {
        one.get("data-list"): [item.xpath("string(.//b)") for item in one.xpath("./li")]
        for one in visitor.page.xpath("//*[@data-list]")
    }


ACME = ["Expenses and Travel", "Mail", "Payroll", "Roadmap", "Wiki"]
EUROPE = ["Zeiterfassung", "Übersetzungen"]


def test_a_favourite_stands_first_and_stays_in_its_place(front, ann):
    wiki = front.application_ids["Wiki"]
    ann.submit("Wiki: make it a favourite", add=wiki)

    assert shelves(ann) == [("Favourites", ["Wiki"]), ("Acme", ACME), ("Acme Europe", EUROPE)]
    assert shelves(ann.open("/?q=wiki")) == [("Acme", ["Wiki"])], "found once"
    ann.open("/").submit("Wiki: no longer a favourite", remove=wiki)
    assert shelves(ann) == [("Acme", ACME), ("Acme Europe", EUROPE)]


def test_what_was_used_last_is_shown_first(front, ann):
    for name in ("Wiki", "Mail", "Wiki"):
        front.later(minutes=1)
        ann.open(front.ask(name))

    assert shelves(ann.open("/"))[0] == ("Recently used", ["Wiki", "Mail"])


def test_without_a_script_buttons_move_an_application(front, ann):
    mail = front.application_ids["Mail"]
    ann.follow("Arrange")
    assert lists(ann) == {"Acme": ACME, "Acme Europe": EUROPE}

    ann.submit("Up Mail", up=mail)
    assert lists(ann)["Acme"][:2] == ["Mail", "Expenses and Travel"]
    assert ann.page.xpath("//button[@autofocus]/@value") == [mail], "one can go on by the keyboard"
    ann.submit("Down Mail", down=mail)
    assert lists(ann)["Acme"] == ACME


def test_without_a_script_an_application_goes_into_another_section(front, ann):
    ann.open("/arrange").submit("Add", name="Daily")
    assert lists(ann)["Daily"] == []
    ann.open(f"/arrange/applications/{front.application_ids['Wiki']}")
    assert ann.page.xpath("//input[@type='radio']/@value") == ["Acme", "Acme Europe", "Daily"]
    assert ann.page.xpath("//input[@checked]/@value") == ["Acme"]
    ann.submit("Move it to its end", section="Daily")

    assert lists(ann)["Daily"] == ["Wiki"]
    assert shelves(ann.open("/"))[-1] == ("Daily", ["Wiki"])


def test_sections_are_renamed_moved_and_removed(front, ann):
    ann.open("/arrange").submit("Save the name", name="Work")
    assert list(lists(ann)) == ["Work", "Acme Europe"]
    ann.submit("Move down", down="1")
    assert list(lists(ann)) == ["Acme Europe", "Work"]
    ann.submit("Remove", remove="1")
    assert lists(ann) == {"Work": ACME, "": EUROPE}
    assert shelves(ann.open("/"))[-1] == ("New here", EUROPE)
    ann.open("/arrange").submit("Forget my sections")
    assert shelves(ann) == [("Acme", ACME), ("Acme Europe", EUROPE)]


@pytest.mark.parametrize(("name", "says"), [("acme", "already"), ("x" * 81, "80"), ("  ", "80")])
def test_a_name_that_cannot_be_is_said_so(ann, name, says):
    ann.open("/arrange").submit("Add", name=name)

    assert ann.status == 422
    assert says in ann.alert


def test_t1_what_one_may_not_open_is_neither_arranged_nor_named(front, ann):
    dora, wiki = signed_in(front, DORA), front.application_ids["Wiki"]

    for path, sent in (("/arrange", {"up": wiki}), ("/favourites", {"add": wiki})):
        dora.open("/account/password")
        answer = dora.client.post(path, data={**sent, "csrf_token": dora.field("csrf_token").get("value")})
        assert answer.status_code == 404
        assert "Wiki" not in answer.text
    assert dora.open(f"/arrange/applications/{wiki}").path == "/arrange"


@pytest.mark.parametrize("path", ["/arrange", "/arrange/section", "/arrange/sections", "/arrange/anew", "/favourites"])
def test_t10_nothing_is_arranged_without_a_token(front, ann, path):
    assert ann.client.post(path, data={"up": front.application_ids["Wiki"]}).status_code == 403
    with front.work() as work:
        found = launcher_arrangements.of_account(work, front.organization_id, front.account_ids[ANN])
    assert not found.arranged


def test_what_administrators_lay_out_is_shown_and_what_they_fix_cannot_be_moved(front, ann):
    with front.work() as work:
        ids = [front.application_ids[name] for name in ("Wiki", "Zeiterfassung")]
        made = launcher_layouts.create(work, "acme", group="Engineering", sections=[Section("Company", tuple(ids))])
    assert shelves(ann.open("/"))[0] == ("Company", ["Wiki", "Zeiterfassung"])
    assert "Company" in lists(ann.open("/arrange"))

    with front.work() as work:
        launcher_layouts.edit(work, "acme", made.id, overrides=True)
    assert "Company" not in lists(ann.open("/arrange"))
    assert "Laid out by your organization" in ann.text


def picture_of(work, front, name):
    out = io.BytesIO()
    Image.new("RGB", (30, 30), "teal").save(out, "PNG")
    return pictures.set_of_application(
        work, front.application_ids[name], pictures.draw(out.getvalue())
    ).picture_id, pictures.set_of_site(work, "acme", pictures.draw(out.getvalue())).picture_id


def test_t12_a_logo_is_served_so_that_it_can_be_nothing_but_a_picture(front, ann, visitor):
    with front.work() as work:
        of_wiki, of_site = picture_of(work, front, "Wiki")
    assert ann.open("/").page.xpath("//li[.//a='Wiki']//img/@src") == [f"/pictures/{of_wiki}.png"]
    assert visitor.open(front.ask()).page.xpath("//header//img/@src") == [f"/pictures/{of_site}.png"]

    answer = visitor.client.get(f"/pictures/{of_site}.png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["pic_gone", "..%2f..%2fetc%2fpasswd", "%00", "pic_a.svg", "pic_" + "a" * 500])
def test_t12_another_name_is_not_found(visitor, name):
    assert visitor.client.get(f"/pictures/{name}.png").status_code == 404


def test_a_bookmark_is_a_tile_with_its_note(front, ann):
    with front.work() as work:
        made = bookmarks.create(
            work, "acme", name="Canteen", address="https://canteen.example/", note="<b>Lunch</b> at noon"
        )
        bookmarks.applications.grant(work, made.id, everyone=True)
    ann.open("/?q=lunch")

    assert ann.page.xpath("//*[@data-tile]//a/@href") == ["https://canteen.example/"]
    assert "<b>Lunch</b> at noon" in ann.text
