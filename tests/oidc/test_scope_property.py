"""O20: no sequence of requests yields a token with more scope than client, request and person allow."""

import shutil
from dataclasses import dataclass
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from idp.base.db import Database
from idp.directory import accounts, policies
from idp.oidc import api_scopes, apis
from idp.policy.signon import Method
from tests.oidc.support import ANN, ISSUER, Place, answered, claims, request

KNOWN = ["openid", "profile", "email", "groups", "offline_access", "reports", "admin"]
WORDS = st.lists(st.sampled_from([*KNOWN, "address", "nonsense", "OPENID", "openid ", ""]), max_size=5).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    registered=st.sets(st.sampled_from(KNOWN), min_size=1),
    asked=WORDS,
    refreshes=st.lists(st.one_of(st.none(), WORDS), max_size=4),
    offline=st.booleans(),
)
def test_o20_a_token_never_reaches_further_than_what_was_granted(place, browser, registered, asked, refreshes, offline):
    grants = ["authorization_code", "refresh_token"] if offline else ["authorization_code"]
    client = place.register(scope=" ".join(sorted(registered)), grant_types=grants)
    answer = browser.get("/sites/acme/oauth2/authorize", query_string=request(client, scope=asked))
    assert answer.status_code == 303
    if "code=" not in answer.headers["Location"]:
        return
    tokens = place.redeem(client, answered(answer)["code"]).json
    allowed = registered & set(asked.split())

    def check(found, ceiling):
        said = set(claims(found["access_token"])["scope"].split())
        assert said == set(found["scope"].split())
        assert said <= ceiling
        assert ("id_token" in found) is ("openid" in said)
        if "openid" in said:
            seen = set(place.userinfo(found["access_token"]).json)
            assert ("email" in seen) is ("email" in said)
            assert ("groups" in seen) is ("groups" in said)
        else:
            assert place.userinfo(found["access_token"]).status_code == 403

    check(tokens, allowed)
    assert ("refresh_token" in tokens) is offline
    held = tokens.get("refresh_token")
    for wanted in refreshes if held else []:
        found = place.refresh(client, held, scope=wanted)
        if found.status_code != 200:
            assert found.json["error"] == "invalid_scope"
            continue
        held = found.json["refresh_token"]
        check(found.json, allowed if not wanted else allowed & set(wanted.split()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registered=st.sets(st.sampled_from(KNOWN)), asked=st.one_of(st.none(), WORDS))
def test_o20_nor_does_a_clients_own(place, registered, asked):
    robot = place.register(grant_types=["client_credentials"], scope=" ".join(sorted(registered)), redirect_uris=[])
    found = place.token(robot, grant_type="client_credentials", scope=asked)
    if found.status_code == 200:
        said = set(claims(found.json["access_token"])["scope"].split())
        assert said <= registered & {"reports", "admin"}
        assert not asked or said <= set(asked.split())
    else:
        assert found.json["error"] == "invalid_scope"


# Scopes, audiences and lives, of APIs too: a small model beside the real thing

APIS = {
    "https://api.example/a": ("jwt", 300, ("a:read", "a:write")),
    "https://api.example/b": ("jwt", 3600, ("b:read",)),
    "https://api.example/c": ("opaque", 60, ("c:read",)),
}
SCOPES = [scope for _, _, scopes in APIS.values() for scope in scopes]
API_OF = {scope: identifier for identifier, (_, _, scopes) in APIS.items() for scope in scopes}
EVERYTHING = ["openid", "email", "offline_access", "reports", *SCOPES]
ASKED = st.lists(st.sampled_from([*EVERYTHING, "nonsense"]), max_size=6, unique=True)
RESOURCES = st.lists(st.sampled_from([*APIS, ISSUER, "https://api.example/none"]), max_size=3, unique=True)
REGISTERED = "openid email offline_access reports a:write"
ROBOTS = "reports b:read"


@dataclass
class Held:
    """What the model knows of a refresh token, or of a code: what was granted, and for which resources."""

    token: str
    scope: frozenset[str]
    resources: tuple[str, ...]
    alive: bool = True


class Tokens(RuleBasedStateMachine):
    """
    Whatever is done in whatever order, no token has more scope, audience or life than client, person and policy allow.

    The model is what the words say: a scope of an API needs a grant to the client and one to the person; any
    other is in the client's registration; nothing is more than what was asked for and granted before.
    """

    make_place = None

    def __init__(self):
        super().__init__()
        self.place, self.close = self.make_place()
        self.client = self.place.register(scope=REGISTERED)
        self.robot = self.place.register(
            grant_types=["client_credentials"], scope=ROBOTS, redirect_uris=[], client_name="Robot"
        )
        self.apis = {
            identifier: self.place.api(
                identifier, *scopes, people={}, name=identifier[-1:], token_format=form, token_seconds=seconds
            )
            for identifier, (form, seconds, scopes) in APIS.items()
        }
        self.granted, self.disabled = set(), set()
        for scope in SCOPES:
            for to in ("everyone", "client", "robot"):
                self.grant(scope, to)
        self.grants, self.codes = [], []
        self.may_sign_on, self.strict, self.steps = True, False, 2
        self.browser = self.place.browser()

    def teardown(self):
        self.close()

    # What client, person and policy allow

    def may(self, who: str, scope: str) -> bool:
        if scope not in API_OF:
            return scope in (REGISTERED if who == "client" else ROBOTS).split()
        if API_OF[scope] in self.disabled or (who, scope) not in self.granted:
            return False
        return who == "robot" or ("everyone", scope) in self.granted

    def check(self, found, who: str, asked: frozenset[str], within: tuple[str, ...], named: tuple[str, ...]):
        scope = frozenset(found["scope"].split())
        audience = self.audience(found["access_token"])
        assert scope <= {one for one in asked if self.may(who, one)}
        assert audience, "a token is for somebody"
        assert {API_OF.get(one, ISSUER) for one in scope} <= audience, "a scope means something at the audience"
        assert not named or audience == set(named)
        assert not within or audience <= set(within)
        for one in audience - {ISSUER}:
            assert one not in self.disabled
            assert any(API_OF.get(token) == one for token in scope), "nobody gets a token for where they may do nothing"
        longest = min(APIS[one][1] if one in APIS else 600 for one in audience)
        assert found["expires_in"] <= longest
        if not found["access_token"].startswith("opq_"):
            said = claims(found["access_token"])
            assert said["exp"] - said["iat"] == found["expires_in"]
        assert ("opaque" in {APIS[one][0] for one in audience & APIS.keys()}) == found["access_token"].startswith(
            "opq_"
        )
        self.look(found["access_token"], who, scope, audience)

    def audience(self, token: str) -> set[str]:
        client = self.client if self.place.introspect(self.client, token)["active"] else self.robot
        said = self.place.introspect(client, token)["aud"]
        return {said} if isinstance(said, str) else set(said)

    def look(self, token: str, who: str, scope: frozenset[str], audience: set[str]):
        """Each API learns its own part, and UserInfo takes what is for us."""
        for identifier, api in self.apis.items():
            if identifier not in self.disabled:
                found = self.place.introspect(api, token)
                assert found["active"] is (identifier in audience)
                if found["active"]:
                    assert set(found["scope"].split()) == {one for one in scope if API_OF.get(one) == identifier}
        seen = self.place.userinfo(token).status_code
        assert (seen == 200) is (who == "client" and ISSUER in audience and "openid" in scope)

    # What is done

    @rule(scope=st.sampled_from(SCOPES), to=st.sampled_from(["everyone", "client", "robot"]))
    def grant_again(self, scope, to):
        self.grant(scope, to)

    def grant(self, scope, to):
        if (to, scope) in self.granted:
            return
        with self.place.work() as work:
            api_scopes.grant(work, API_OF[scope], scope, **self.subject(to))
        self.granted.add((to, scope))

    @rule(scope=st.sampled_from(SCOPES), to=st.sampled_from(["everyone", "client", "robot"]))
    def withdraw(self, scope, to):
        if (to, scope) not in self.granted:
            return
        with self.place.work() as work:
            api_scopes.withdraw(work, API_OF[scope], scope, **self.subject(to))
        self.granted.discard((to, scope))
        self.place.later(seconds=1)

    def subject(self, to):
        if to == "everyone":
            return {"everyone": True}
        return {"application_id": (self.client if to == "client" else self.robot).application_id}

    @rule(identifier=st.sampled_from(list(APIS)))
    def switch(self, identifier):
        with self.place.work() as work:
            (apis.enable if identifier in self.disabled else apis.disable)(work, identifier)
        self.disabled ^= {identifier}

    @rule(asked=ASKED, resources=RESOURCES)
    def authorize(self, asked, resources):
        answer = self.place.authorize(self.browser, self.client, scope=" ".join(asked), resource=resources or None)
        if "code=" not in answer.headers["Location"]:
            return
        assert self.may_sign_on
        assert "nonsense" not in asked
        assert all(one == ISSUER or (one in APIS and one not in self.disabled) for one in resources)
        granted = frozenset(one for one in asked if self.may("client", one))
        self.codes.append(Held(answered(answer)["code"], granted, tuple(resources)))

    @rule(data=st.data(), named=RESOURCES)
    def redeem(self, data, named):
        if not self.codes:
            return
        code = data.draw(st.sampled_from(self.codes))
        answer = self.place.redeem(self.client, code.token, resource=named or None)
        if answer.status_code != 200:
            return
        assert code.alive
        assert self.may_sign_on
        self.codes.remove(code)
        self.check(answer.json, "client", code.scope, code.resources, tuple(named))
        self.grants.append(Held(answer.json["refresh_token"], code.scope, code.resources))

    @rule(data=st.data(), asked=st.one_of(st.none(), ASKED), named=RESOURCES)
    def refresh(self, data, asked, named):
        if not self.grants:
            return
        held = data.draw(st.sampled_from(self.grants))
        answer = self.place.refresh(
            self.client, held.token, scope=" ".join(asked) if asked else None, resource=named or None
        )
        if answer.status_code != 200:
            return
        assert held.alive
        assert self.may_sign_on
        held.token = answer.json["refresh_token"]
        self.check(answer.json, "client", held.scope & set(asked or held.scope), held.resources, tuple(named))

    @rule(asked=st.one_of(st.none(), ASKED), named=RESOURCES)
    def for_itself(self, asked, named):
        answer = self.place.token(
            self.robot,
            grant_type="client_credentials",
            scope=" ".join(asked) if asked else None,
            resource=named or None,
        )
        if answer.status_code == 200:
            self.check(answer.json, "robot", frozenset(asked or ("reports", *SCOPES)), (), tuple(named))

    @rule()
    def suspend(self):
        """The person is suspended, and taken back: what was granted before is over for good."""
        if not self.may_sign_on:
            return
        with self.place.work() as work:
            accounts.disable(work, ANN)
        for held in [*self.grants, *self.codes]:
            held.alive = False
        for held in self.grants[:2]:
            assert self.place.refresh(self.client, held.token).status_code == 400
        with self.place.work() as work:
            accounts.enable(work, ANN)
        self.browser = self.place.browser(methods=(Method.PASSWORD, Method.TOTP)[: self.steps])

    @rule()
    def tighten(self):
        """From now on a second step is asked for: what was proven by one is over, until it is relaxed."""
        with self.place.work() as work:
            policies.set_second_step(work, "acme", "optional" if self.strict else "required")
        self.strict = not self.strict
        self.settle()

    @rule(steps=st.sampled_from([1, 2]))
    def sign_in(self, steps):
        """Sign in by one step or by two, in another browser; nothing of before is taken along."""
        self.steps = steps
        self.place.later(seconds=1)  # of many sessions the oldest end, so that there must be an oldest
        self.browser = self.place.browser(methods=(Method.PASSWORD, Method.TOTP)[:steps])
        self.grants, self.codes = [], []
        self.settle()

    def settle(self):
        self.may_sign_on = self.steps == 2 or not self.strict


def test_o20_no_sequence_of_requests_yields_more_than_client_person_and_policy_allow(tmp_path, vault, request):
    number, template = count(), request.getfixturevalue("_place_template")

    def make_place():
        path = tmp_path / f"{next(number)}.db"
        shutil.copyfile(template, path)
        database = Database(f"sqlite:///{path}", vault, memory_seconds=0)

        def close():
            database.dispose()
            path.unlink()

        return Place(database), close

    machine = type("Machine", (Tokens,), {"make_place": staticmethod(make_place)})
    run_state_machine_as_test(
        machine,
        # Twenty-five steps can be read as they are; making them fewer takes minutes.
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.generate]
        ),
    )
