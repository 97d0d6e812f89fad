"""Every address of the console, what is sent by its forms, and how they are filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lxml import html
from werkzeug.routing import Rule

from idp.web.security import ADMINISTRATOR
from tests.support.two_tenants import Tenants, Things
from tests.support.visitor import Visitor, values_of

_SAMPLES = {"name": "slack", "number": "1", "which": "without", "what": "reset-factors", "kind": "rule"}
"""What stands for arguments that name nothing of an organization, where the address does not say what there is."""
_ELSEWHERE = {
    "/admin/sites/<slug>/<what>.svg": {"what": "issuer"},
    "/admin/provisioning/<client_id>/<what>": {"what": "disable"},
    "/admin/who-may/<kind>/<reference>": {"kind": "group"},
    "/admin/applications/new/oidc/template/<name>": {"name": "grafana"},
}


@dataclass(frozen=True)
class Route:
    """An address of the console; ``own`` are the arguments that name something of an organization."""

    endpoint: str
    rule: str
    methods: frozenset[str]
    own: tuple[str, ...]
    rest: Mapping[str, str]
    _rule: Rule = field(compare=False, repr=False)

    def of(self, **rest: str) -> "Route":
        """Return the address with other words for what names nothing of an organization."""
        return replace(self, rest={**self.rest, **rest})

    def path(self, values: Mapping[str, str]) -> str:
        """Return the address with those *values*; of what is no argument, nothing."""
        named = {name: values[name] for name in self.own}
        built = self._rule.build({**named, **self.rest}, append_unknown=False)
        assert built is not None
        return built[1]


def routes(app, method: str, guard: str = ADMINISTRATOR) -> list[Route]:
    """Return the addresses behind *guard* that answer to *method*, by their endpoints."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if getattr(app.view_functions[rule.endpoint], "guard", "") == guard and method in rule.methods:
                found.append(_route(rule))
    return sorted(found, key=lambda one: (one.endpoint, one.rule))


def _route(rule: Rule) -> Route:
    rest = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        kinds = getattr(converter, "items", None)
        if kinds:
            rest[name] = sorted(kinds)[0]
        elif type(converter).__name__ == "IntegerConverter":
            rest[name] = 1
        elif name in _SAMPLES:
            rest[name] = _ELSEWHERE.get(rule.rule, {}).get(name, _SAMPLES[name])
    own = tuple(sorted(rule.arguments - rest.keys()))
    return Route(rule.endpoint, rule.rule, frozenset(rule.methods), own, rest, rule)


@dataclass
class Form:
    """A form as a page shows it: where it is, where it sends to, and what it would send as it stands."""

    page: str
    endpoint: str
    action: str
    sends: dict[str, object]
    typed: frozenset[str]
    """The fields that take text as somebody types it."""
    controls: frozenset[str]
    """Every field and button that has a name."""


def pages(tenants: Tenants, visitor: Visitor, things: Things) -> Iterator[tuple[str, str]]:
    """Open every page of Acme that there is one of; yield its address and what it says."""
    app = tenants.front.app
    plain = [one.path(things.values(one.rule)) for one in routes(app, "GET")]
    for path in dict.fromkeys([*tenants.special, *plain]):
        answer = visitor.open(path).answer
        if answer.status_code in (200, 422) and answer.mimetype == "text/html":
            yield path, answer.text


def forms(tenants: Tenants, visitor: Visitor, things: Things) -> list[Form]:
    """Return every form that sends something (POST) on the pages of Acme, each kind once."""
    adapter = tenants.front.app.url_map.bind("localhost")
    found: dict[tuple[str, frozenset[str]], Form] = {}
    for path, text in pages(tenants, visitor, things):
        for form in html.fromstring(text).xpath("//form[@method='post']"):
            action = form.get("action") or visitor.answer.request.full_path.rstrip("?")
            if not action.startswith("/admin"):
                continue
            endpoint, _ = adapter.match(action.partition("?")[0], method="POST")
            sends = values_of(form)
            one = Form(path, endpoint, action, sends, _typed(form), frozenset(form.xpath(".//*[@name]/@name")))
            found.setdefault((endpoint, frozenset(sends)), one)
    return list(found.values())


def _typed(form) -> frozenset[str]:
    boxes = form.xpath(".//textarea[@name] | .//input[@name][not(@type) or @type='text' or @type='search']")
    return frozenset(one.get("name") for one in boxes)
