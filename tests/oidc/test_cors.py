"""Cross-origin reading (the Fetch standard, section 3.2): where scripts of public clients may call us, and nowhere else."""

import pytest

from tests.oidc.support import CALLBACK, VERIFIER, Place

SPA = "https://spa.example"
READABLE = {
    "oidc_clients.token": "POST",
    "oidc_clients.userinfo_": "GET",
    "oidc_clients.revoke_": "POST",
    "oidc_clients.par_": "POST",
    "oidc_documents.discovery_": "GET",
    "oidc_documents.rfc8414": "GET",
    "oidc_documents.jwks": "GET",
}
"""What a client in a browser calls by script, and how."""


@pytest.fixture
def scripts(place):
    return place.register(
        client_name="Scripts", token_endpoint_auth_method="none", redirect_uris=[f"{SPA}/cb", "https://two.example:443/cb"]
    )  # fmt: skip


def addresses(place: Place) -> dict[str, list[str]]:
    """Every address of the installation, by its endpoint."""
    made: dict[str, list[str]] = {}
    with place.app.test_request_context():
        for rule in place.app.url_map.iter_rules():
            if rule.endpoint != "static":
                one_of = {name: min(getattr(kind, "items", ["acme"])) for name, kind in rule._converters.items()}
                path = rule.build(one_of)[1]
                made.setdefault(rule.endpoint, []).append(path)
    return made


def told(answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("Access-Control-")}


def preflight(place, path: str, origin: str, method: str = "POST", headers: str = "authorization,content-type"):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return place.app.test_client().options(path, headers=asked)


def test_a_preflight_is_answered_where_such_a_client_calls(place, scripts):
    every = addresses(place)
    for endpoint, method in READABLE.items():
        for path in every.get(endpoint, ()):
            answer = preflight(place, path, SPA, method)

            said = told(answer)
            assert answer.status_code == 200, path
            assert said["Access-Control-Allow-Origin"] == SPA, path
            assert method in said["Access-Control-Allow-Methods"].split(", "), path
            assert {"Authorization", "Content-Type"} <= set(said["Access-Control-Allow-Headers"].split(", ")), path
            assert "Access-Control-Allow-Credentials" not in said, path
            assert "Origin" in answer.headers["Vary"], path


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_i6_no_other_address_lets_even_a_registered_origin_read(place, scripts, method):
    """Every address there is: one that is added is not readable by mistake."""
    every = addresses(place)
    others = {endpoint: paths for endpoint, paths in every.items() if endpoint not in READABLE}
    assert len(others) > 30
    headers = {"Origin": SPA, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    for paths in others.values():
        for path in paths:
            with place.app.test_client().open(path, method=method, headers=headers) as answer:
                assert told(answer) == {}, path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://rp.example", f"{SPA}.evil.example"])
def test_i6_no_other_origin_reads_there(place, scripts, client, origin):
    every = addresses(place)
    for endpoint, method in READABLE.items():
        for path in every.get(endpoint, ()):
            answers = (
                preflight(place, path, origin, method),
                place.app.test_client().open(path, method=method, headers={"Origin": origin}),
            )
            for answer in answers:
                assert told(answer) == {}, path
                assert "Origin" in answer.headers["Vary"], "what is cached for one origin is not for another"


def test_a_port_that_goes_without_saying_is_not_said_by_browsers_either(place, scripts):
    assert told(preflight(place, "/sites/acme/oauth2/token", "https://two.example"))
    assert not told(preflight(place, "/sites/acme/oauth2/token", "https://two.example:443"))


def test_errors_can_be_read_as_well(place, scripts):
    """A script that gets no answer cannot say what went wrong."""
    for method, path in (("POST", "/sites/acme/oauth2/token"), ("GET", "/sites/acme/oauth2/userinfo")):
        answer = place.app.test_client().open(path, method=method, headers={"Origin": SPA, "Authorization": "Bearer x"})

        assert answer.status_code in (400, 401)
        assert told(answer)["Access-Control-Allow-Origin"] == SPA
        assert "WWW-Authenticate" in told(answer)["Access-Control-Expose-Headers"]


def test_a_script_redeems_its_code(place, browser):
    client = place.register(token_endpoint_auth_method="none", redirect_uris=[CALLBACK])
    form = {
        "grant_type": "authorization_code",
        "client_id": client.client_id,
        "code": place.code(browser, client),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }

    answer = place.app.test_client().post(
        "/sites/acme/oauth2/token", data=form, headers={"Origin": "https://rp.example"}
    )

    assert "access_token" in answer.json
    assert told(answer)["Access-Control-Allow-Origin"] == "https://rp.example"


def test_a_client_that_is_switched_off_has_no_origin(place, scripts):
    from idp.directory import applications

    with place.work() as work:
        applications.disable(work, scripts.application_id)

    assert not told(preflight(place, "/sites/acme/oauth2/token", SPA))
