"""Addresses are built as Werkzeug builds them; only the moment when the code for it is made differs."""

from threading import Barrier, Thread

import pytest
from werkzeug.routing import BuildError, Map, Rule

from idp.web.routes import Route

PATHS = ("/", "/plain", "/accounts/<account>", "/accounts/<account>/sessions/<int:number>", "/files/<path:where>")
VALUES = {"account": "acc_1 ä/?", "number": 7, "where": "a/b c", "extra": "x&y", "many": ["1", "2"]}


def _built(kind: type[Rule], path: str, *, unknown: bool) -> str:
    routes = Map([kind(path, endpoint="it")]).bind("id.acme.example")
    return routes.build("it", VALUES, append_unknown=unknown)


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_an_address_is_what_werkzeug_builds(path, unknown):
    assert _built(Route, path, unknown=unknown) == _built(Rule, path, unknown=unknown)


def test_an_address_without_its_values_is_not_built():
    routes = Map([Route("/accounts/<account>", endpoint="it")]).bind("id.acme.example")

    with pytest.raises(BuildError):
        routes.build("it", {})
    with pytest.raises(BuildError):
        routes.build("it", {"number": 1})


def test_of_many_who_build_the_first_address_at_once_each_gets_its_own():
    routes, together, built = Map([Route("/accounts/<account>", endpoint="it")]), Barrier(8), {}

    def build(number: int) -> None:
        together.wait()
        built[number] = routes.bind("id.acme.example").build("it", {"account": str(number)})

    threads = [Thread(target=build, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert built == {number: f"/accounts/{number}" for number in range(8)}


def test_every_route_of_the_application_is_one(app):
    assert {type(rule) for rule in app.url_map.iter_rules()} == {Route}
