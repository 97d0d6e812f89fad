"""How a person is seen: address and why, zones, place, device, certificate; and who is believed about them."""

import pytest

from idp.directory import zones
from idp.settings import PlacesSettings, ProxySettings, SettingsError, resolve
from idp.web.context import certificate_of
from tests.support.front import ANN, PASSWORD, on_sqlite
from tests.support.place_files import BERLIN, PARIS, asn_file, city_file
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SUBJECT = "CN=laptop-17,OU=Devices,O=Acme"


def pairs(visitor):
    found = visitor.open("/account/connection").page
    return {
        div.xpath("string(dt)").strip(): " ".join(" ".join(div.xpath("dd//text()")).split())
        for div in found.xpath("//dl/div")
    }


def test_without_proxy_and_places(ann):
    ann.headers["User-Agent"] = FIREFOX
    shown = pairs(ann)

    assert shown["Address"].startswith("127.0.0.1 The connection comes from there. Headers that proxies add")
    assert shown["Zones"] == "none"
    assert shown["Place"] == "not looked for here"
    assert (shown["Browser"], shown["Operating system"]) == ("Firefox", "Windows")
    assert shown["Device"].startswith("new")
    assert "Client certificate" not in shown


def test_the_account_page_leads_there(ann):
    assert ann.open("/account/devices").follow("How you are seen").title == "How you are seen"


def test_nobody_sees_it_without_a_session(visitor):
    assert visitor.open("/account/connection").path.startswith("/signin/")


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("behind")
    front = on_sqlite(
        folder,
        proxy=ProxySettings(trusted_hops=1, certificate_header="ClientCertificateSubject"),
        places=PlacesSettings(city_file=city_file(folder / "c.mmdb"), asn_file=asn_file(folder / "a.mmdb")),
    )
    with front.work() as work:
        zones.create(work, "acme", "Berlin office", zones.Contents(networks=("203.0.113.0/24",)))
        zones.create(work, "acme", "Germany", zones.Contents(countries=("DE",)))
        zones.create(work, "acme", "Elsewhere", zones.Contents(countries=("FR",)))
    yield front
    front.database.dispose()


def arrive(front, ip, **headers):
    return Visitor(front.app.test_client(), {"X-Forwarded-For": ip, "User-Agent": FIREFOX, **headers})


def enter(front, one):
    one.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    front.later(minutes=1)
    return one


def test_behind_a_proxy_with_places_and_certificates(behind_a_proxy):
    one = enter(behind_a_proxy, arrive(behind_a_proxy, BERLIN, ClientCertificateSubject=SUBJECT))
    shown = pairs(one)

    assert shown["Address"] == f"{BERLIN} The proxy in front of this site has stated it."
    assert shown["Zones"] == "Berlin office , Germany"
    assert shown["Place"] == "Berlin, DE AS64500"
    assert shown["Client certificate"] == SUBJECT
    assert shown["Device"].startswith("new")

    one.client.delete_cookie("ostiary_session")
    assert pairs(enter(behind_a_proxy, one))["Device"].startswith("known")


def test_a_proxy_that_states_nothing_is_told(behind_a_proxy):
    one = enter(behind_a_proxy, arrive(behind_a_proxy, PARIS))
    del one.headers["X-Forwarded-For"]

    assert "a proxy should have stated your address, and did not" in pairs(one)["Address"]
    assert pairs(one)["Client certificate"] == "none was presented"


def test_markup_in_a_certificate_is_text(behind_a_proxy):
    one = enter(behind_a_proxy, arrive(behind_a_proxy, BERLIN, ClientCertificateSubject="CN=<b>x</b>"))

    assert pairs(one)["Client certificate"] == "CN=<b>x</b>"


SAID = {"HTTP_CLIENTCERTIFICATESUBJECT": SUBJECT}


def test_i1_the_certificate_of_a_trusted_proxy_counts():
    assert certificate_of(SAID, ProxySettings(trusted_hops=1, certificate_header="ClientCertificateSubject")) == SUBJECT


@pytest.mark.parametrize("settings", [ProxySettings(), ProxySettings(trusted_hops=2)])
def test_i1_without_a_header_that_is_named_nobody_is_believed(settings):
    assert certificate_of(SAID, settings) == ""


@pytest.mark.parametrize("name", [
    "X-ClientCertificateSubject", "Client-Certificate-Subject", "Client_Certificate_Subject", "Client-Cert",
    "ClientCertificateSubject-", "_ClientCertificateSubject", "X-SSL-Client-S-DN",
])  # fmt: skip
def test_i1_headers_of_other_names_are_other_headers(behind_a_proxy, name):
    one = enter(behind_a_proxy, arrive(behind_a_proxy, BERLIN, **{name: SUBJECT}))

    assert pairs(one)["Client certificate"] == "none was presented"


@pytest.mark.parametrize("said", ["CN=a\nCN=b", "CN=\x00", "CN=\x7f", "\r", ""])
def test_i1_a_subject_with_control_characters_is_none(said):
    settings = ProxySettings(trusted_hops=1, certificate_header="ClientCertificateSubject")

    assert certificate_of({"HTTP_CLIENTCERTIFICATESUBJECT": said}, settings) == ""


def test_a_subject_is_cut_where_it_is_too_long():
    settings = ProxySettings(trusted_hops=1, certificate_header="Cert")

    assert len(certificate_of({"HTTP_CERT": "CN=" + "x" * 9999}, settings)) == 512


@pytest.mark.parametrize(("proxy", "fault"), [
    ({"certificate_header": "ClientCertificateSubject"}, "say how many in trusted_hops"),
    ({"certificate_header": "ClientCertificateSubject", "trusted_hops": 0}, "say how many in trusted_hops"),
    ({"certificate_header": "X-Client-Certificate", "trusted_hops": 1}, "without a hyphen"),
    ({"certificate_header": "X_Client_Certificate", "trusted_hops": 1}, "without a hyphen"),
    ({"certificate_header": "Zertifikät", "trusted_hops": 1}, "without a hyphen"),
    ({"certificate_header": "Two Words", "trusted_hops": 1}, "without a hyphen"),
])  # fmt: skip
def test_i1_a_header_that_could_be_imitated_is_refused(tmp_path, proxy, fault):
    with pytest.raises(SettingsError) as refused:
        resolve({"proxy": proxy}, tmp_path)

    assert fault in str(refused.value)


def test_files_of_places_are_taken_from_the_folder_of_the_configuration(tmp_path):
    settings = resolve({"places": {"city_file": "geo/city.mmdb", "asn_file": "/srv/asn.mmdb"}}, tmp_path)

    assert settings.places.city_file == tmp_path / "geo" / "city.mmdb"
    assert str(settings.places.asn_file) == "/srv/asn.mmdb"


def test_a_session_without_a_device_cookie_is_on_a_new_device(front):
    ann = signed_in(front)
    front.later(minutes=1)
    ann.client.delete_cookie("ostiary_devices")

    assert pairs(ann)["Device"].startswith("new")
