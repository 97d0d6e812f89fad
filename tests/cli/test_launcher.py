"""`idp layout`, `idp bookmark`, and what else makes a launcher: notes, logos, what may be asked for."""

import io

import pytest
from PIL import Image


@pytest.fixture
def canteen(acme):
    made = acme("bookmark", "create", "Canteen", "https://canteen.example/", "--site", "acme", "--everyone", "--json")
    assert made.code == 0, made.err
    return made.json


@pytest.fixture
def logo(here):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    (here / "logo.jpg").write_bytes(out.getvalue())
    return "logo.jpg"


def test_a_bookmark_is_created_shown_changed_and_granted(acme, canteen, logo):
    assert (canteen["protocol"], canteen["launch_url"], canteen["requestable"]) == (
        "bookmark", "https://canteen.example/", False,
    )  # fmt: skip
    changed = acme(
        "bookmark", "set", canteen["id"], "--note", "Lunch", "--requestable", "--logo", logo, "--json"
    ).json  # fmt: skip
    assert (changed["note"], changed["requestable"]) == ("Lunch", True)
    assert changed["picture_id"].startswith("pic_")

    told = acme("application", "show", canteen["id"]).out
    assert "  open to     everyone\n" in told
    assert "  receives    nothing (at most)\n" in told
    assert "  on request  yes\n" in told
    assert "https://canteen.example/" in told
    assert acme("application", "saml", "show", canteen["id"]).code == 3
    assert acme("application", "oidc", "show", canteen["id"]).code == 3
    assert acme("bookmark", "set", canteen["id"], "--logo", "", "--json").json["picture_id"] is None


@pytest.mark.parametrize("address", ["http://canteen.example/", "javascript:alert(1)"])
def test_t11_a_bookmark_leads_to_an_https_address(acme, address):
    refused = acme("bookmark", "create", "Canteen", address, "--site", "acme", "--json")

    assert refused.code == 2
    assert "address" in refused.err


def test_a_logo_is_given_to_a_site_and_to_an_application(acme, canteen, logo, here):
    assert acme("site", "set", "acme", "--logo", logo, "--json").json["picture_id"].startswith("pic_")
    assert acme("application", "set", canteen["id"], "--logo", logo, "--json").json["picture_id"].startswith("pic_")
    (here / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    for wrong in ("logo.svg", "nowhere.png"):
        assert acme("site", "set", "acme", "--logo", wrong).code == 2


def test_a_layout_is_created_shown_ordered_and_deleted(acme, canteen):
    acme("group", "create", "Staff", "--organization", "acme")
    made = acme(
        "layout", "create", "--organization", "acme", "--group", "Staff", "--section", f"Daily={canteen['id']}",
        "--section", "Later=", "--fixed", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    layout = made.json
    assert (layout["for"], layout["fixed"]) == ("Staff", True)
    assert layout["sections"] == [
        {"name": "Daily", "applications": [canteen["id"]]},
        {"name": "Later", "applications": []},
    ]
    other = acme("layout", "create", "--organization", "acme", "--json").json
    ordered = acme("layout", "order", other["id"], layout["id"], "--organization", "acme", "--json").json
    assert [one["for"] for one in ordered] == ["Staff", "everyone"]
    told = acme("layout", "show", layout["id"], "--organization", "acme").out
    assert "Canteen" in told
    assert acme("layout", "set", layout["id"], "--organization", "acme", "--beginning", "--json").json["fixed"] is False
    assert acme("layout", "delete", layout["id"], "--organization", "acme").code == 0
    assert [one["for"] for one in acme("layout", "list", "--organization", "acme", "--json").json] == ["everyone"]


def test_a_preview_shows_what_a_person_finds(acme, canteen):
    acme("layout", "create", "--organization", "acme", "--section", f"Daily={canteen['id']}")

    told = acme("layout", "preview", "ann@acme.example", "--organization", "acme", "--json").json
    assert [(one["name"], [a["name"] for a in one["applications"]]) for one in told] == [("Daily", ["Canteen"])]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "--organization", "acme", "--section", "Daily"), 2),
        (("create", "--organization", "acme", "--section", "Daily=app_gone"), 3),
        (("create", "--organization", "acme", "--group", "Nobody"), 3),
        (("show", "lay_gone", "--organization", "acme"), 3),
        (("order", "lay_gone", "--organization", "acme"), 4),
    ],
)
def test_what_cannot_be_laid_out_is_refused(acme, words, code):
    assert acme("layout", *words).code == code


def test_nobody_signs_in_to_a_bookmark_so_nothing_is_asked(acme, canteen):
    asked = acme(
        "policy", "explain", "--account", "ann@acme.example", "--application", canteen["id"], "--ip", "192.0.2.1"
    )

    assert asked.code == 2
    assert "it is a bookmark" in asked.err
