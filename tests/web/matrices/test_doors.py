"""Every door of a protocol: at a site that is not there, by who is known elsewhere, without a proof (T1, T4, T9, T22)."""

import pytest

from tests.support.doors_matrix import STRANGERS, TABLE, Doors, plain
from tests.support.two_tenants import CANARY


@pytest.fixture(scope="module")
def doors(tenants):
    return Doors(tenants)


def of(*judged):
    return [(method, endpoint, door) for (method, endpoint), door in TABLE.items() if door.judged in judged]


def names(doors, who):
    """Everything that somebody can have said of themselves."""
    client, provider = doors.clients[who], doors.providers[who]
    return (
        client.client_id, client.secret, client.token, provider.entity_id, provider.acs, provider.slo,
        f"https://{who}.example", doors.applications[who],
    )  # fmt: skip


def test_every_door_answers_who_is_known_there(doors, tenants):
    """Else what is refused would say nothing."""
    wrong = []
    for (method, endpoint), door in TABLE.items():
        answer = doors.ask(door, method, "own")
        if answer.status_code not in door.good:
            wrong.append((method, endpoint, answer.status_code, answer.headers.get("Location"), answer.text[:1500]))
        tenants.restore()

    assert wrong == []


def test_t22_a_site_that_is_off_and_one_of_a_suspended_organization_are_like_one_that_is_not_there(doors, tenants):
    wrong = []
    acts = {
        "off": (
            "UPDATE sites SET disabled_at = 1 WHERE id = ?",
            doors.tenants.rows("SELECT id FROM sites WHERE slug = 'acme'")[0][0],
        ),
        "suspended": ("UPDATE organizations SET suspended_at = 1 WHERE id = ?", tenants.ours),
    }
    for (method, endpoint), door in TABLE.items():
        nowhere = doors.ask(door, method, "own", site="nowhere") if door.path[1:6] == "sites" or not door.path else None
        tenants.restore()
        for name, (statement, value) in acts.items():
            tenants.write(statement, value)
            answer = doors.ask(door, method, "own")
            tenants.restore()
            same = nowhere is None or plain(answer)[0:1] == plain(nowhere)[0:1]
            if not 400 <= answer.status_code < 500 or not same or "Acme" in answer.text:
                wrong.append(
                    (method, endpoint, name, answer.status_code, nowhere and nowhere.status_code, answer.text[-600:])
                )

    assert wrong == []


def test_o12_no_client_is_answered_without_its_proof(doors, tenants):
    """Nothing, half of it, another's; what proves somebody at another site is nobody's here."""
    own, beside, nobody = doors.clients["own"], doors.clients["beside"], doors.clients["nobody"]
    wrong, count = [], 0
    for method, endpoint, door in of("client"):
        client = doors.devices["own"] if "device" in endpoint else own
        tries = {
            "nothing": {},
            "an empty secret": type(client)(client.client_id, "").basic,
            "a wrong secret": type(client)(client.client_id, nobody.secret).basic,
            "another's secret": type(client)(client.client_id, beside.secret).basic,
            "a bearer token": {"Authorization": f"Bearer {own.token}"},
            "nobody": nobody.basic,
        } | {who: (doors.devices if "device" in endpoint else doors.clients)[who].basic for who in STRANGERS}
        said = {}
        for name, headers in tries.items():
            answer = doors.ask(door, method, "own", headers=headers)
            count += 1
            said[name] = plain(answer, *(one.client_id for one in (*doors.clients.values(), *doors.devices.values())))
            refused = answer.status_code in (400, 401) and answer.json["error"] in ("invalid_client", "invalid_request")
            if not refused or doors.changed():
                wrong.append((method, endpoint, name, answer.status_code, answer.text, doors.changed()))
            tenants.restore()
        if len({said[who] for who in (*STRANGERS, "nobody")}) != 1:
            wrong.append((endpoint, "tells who is known elsewhere", said))

    assert count == 5 * 8
    assert wrong == []


def test_o23_a_client_beside_learns_nothing_of_anothers_token_and_ends_it_not(doors, tenants):
    introspected = doors.ask(TABLE["POST", "oidc_clients.introspect_"], "POST", "beside")
    revoked = doors.ask(TABLE["POST", "oidc_clients.revoke_"], "POST", "beside")
    changed = doors.changed()
    redeemed = doors.ask(TABLE["POST", "oidc_clients.token"], "POST", "beside")
    tenants.restore()

    assert introspected.json == {"active": False}
    assert revoked.status_code in (200, 400)
    assert changed == []
    assert redeemed.json["error"] == "invalid_grant"


@pytest.mark.parametrize("judged", ["browser", "provider"])
def test_t1_who_is_known_elsewhere_is_answered_like_who_is_known_nowhere(doors, tenants, judged):
    wrong, count = [], 0
    for method, endpoint, door in of(judged):
        nothing = plain(doors.ask(door, method, "nobody"), *names(doors, "nobody"))
        tenants.restore()
        for who in STRANGERS:
            answer = doors.ask(door, method, who)
            count += 1
            led = answer.headers.get("Location", "")
            told = [one for one in (CANARY.title(), "Provider", "Party") if one in answer.text]
            if plain(answer, *names(doors, who)) != nothing or doors.changed() or told or who in led.partition("?")[0]:
                wrong.append((method, endpoint, who, plain(answer, *names(doors, who)), nothing, doors.changed(), told))
            tenants.restore()

    assert count >= 8
    assert wrong == []


def test_t1_no_token_of_elsewhere_and_none_of_another_kind_is_taken(doors, tenants):
    own = doors.clients["own"]
    wrong, count = [], 0
    for method, endpoint, door in of("bearer", "management"):
        registered = {who: doors.clients[who].registration[1] for who in ("beside", *STRANGERS)}
        tokens = {
            "nothing": None,
            "an empty one": "Bearer ",
            "an unknown one": f"Bearer {'x' * 43}",
            "a refresh token": f"Bearer {own.refresh}",
            "a secret": f"Bearer {own.secret}",
            "as basic": own.basic["Authorization"],
            **{who: f"Bearer {token}" for who, token in registered.items()},
        }
        if door.judged == "management":
            tokens["an access token"] = f"Bearer {own.token}"
        for name, sent in tokens.items():
            answer = doors.ask(door, method, "own", headers={} if sent is None else {"Authorization": sent})
            count += 1
            if answer.status_code not in (400, 401) or doors.changed() or "ann@" in answer.text:
                wrong.append((method, endpoint, name, answer.status_code, answer.text, doors.changed()))
            tenants.restore()
        for site in ("acme-eu", "quokka"):
            answer = doors.ask(door, method, "own", site=site)
            count += 1
            if answer.status_code != 401 or doors.changed():
                wrong.append((method, endpoint, "at", site, answer.status_code, answer.text, doors.changed()))
            tenants.restore()

    assert count > 50
    assert wrong == []


def test_t1_what_a_site_says_to_everybody_is_of_itself_alone(doors, tenants):
    canaries = (CANARY, CANARY.title(), tenants.ours, tenants.theirs, "ann@", "Provider", "Party")
    wrong = []
    for method, endpoint, door in of("site"):
        answer = doors.ask(door, method, "own")
        told = [one for one in canaries if one in answer.text]
        if told:
            wrong.append((method, endpoint, told))
        tenants.restore()

    assert wrong == []


def test_x20_a_handle_of_another_browser_site_or_protocol_opens_nothing(doors, tenants):
    """A sign-on that is under way for a client, and one for a service provider; asked for at every address of handles."""
    begun = {}
    for name, key in (("oidc", ("GET", "oidc.authorize")), ("saml", ("GET", "saml.sso"))):
        door = TABLE[key]
        sent = door.sends(doors, "own") | {"browser": None}
        sent.pop("browser")
        answer = doors.front.app.test_client().get(door.path, **sent)
        begun[name] = answer.headers["Location"].rpartition("/")[2]
        assert begun[name].startswith("sgn_"), answer.headers
    pending = tenants.rows("SELECT * FROM pending_sign_ons ORDER BY id")
    wrong = []
    for method, _endpoint, door in of("handle"):
        nothing = plain(doors.ann.client.open(door.path, method=method), "x" * 43)
        for name, handle in begun.items():
            for site in ("acme", "acme-eu", "quokka"):
                path = door.path.replace("x" * 43, handle).replace("/acme/", f"/{site}/")
                answer = doors.ann.client.open(path, method=method)
                text = answer.text + str(answer.headers)
                told = [one for one in ("code=", "SAMLResponse", "ann@") if one in text]
                if answer.status_code != nothing[0] or told or doors.changed():
                    wrong.append((method, path, name, answer.status_code, nothing[0], told, doors.changed()))

    assert tenants.rows("SELECT * FROM pending_sign_ons ORDER BY id") == pending
    tenants.restore()
    assert wrong == []
