"""A person without a picture of the page: reads titles, fills the first form, presses buttons by their words."""

from dataclasses import dataclass, field

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse


@dataclass
class Visitor:
    """
    One browser without scripts. Follows redirects on our own host; ``visited`` keeps every answer.

    ``headers`` go with every request.
    """

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    visited: list[TestResponse] = field(default_factory=list)

    @property
    def answer(self) -> TestResponse:
        return self.visited[-1]

    @property
    def page(self):
        return html.fromstring(self.answer.text)

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        return self.answer.request.path

    @property
    def title(self) -> str:
        """The page's heading."""
        return " ".join(self.page.xpath("string(//h1)").split())

    @property
    def text(self) -> str:
        """What the page says, without its markup."""
        return " ".join(self.page.xpath("string(//body)").split())

    @property
    def alert(self) -> str:
        return " ".join(self.page.xpath("string(//*[@role='alert'])").split())

    def open(self, path: str) -> "Visitor":
        return self._followed(self.client.get(path, headers=self.headers))

    def submit(self, button: str = "", **typed: str) -> "Visitor":
        """Submit the first form, or the one whose button says *button*, with what was *typed*."""
        form = self._form(button)
        method = form.get("method", "get").lower()
        values = values_of(form) | typed
        if button:
            pressed = self.page.xpath(f"//button[contains(normalize-space(), '{button}')][@name]")
            values |= {one.get("name"): one.get("value", "") for one in pressed[:1]}
        send = self.client.post if method == "post" else self.client.get
        key = "data" if method == "post" else "query_string"
        return self._followed(
            send(form.get("action") or self.answer.request.full_path.rstrip("?"), headers=self.headers, **{key: values})
        )

    def values(self, ending: str) -> dict[str, object]:
        """What the form whose address ends so would send as it stands."""
        return values_of(next(one for one in self.page.xpath("//form") if (one.get("action") or "").endswith(ending)))

    def post(self, path: str, values: dict[str, object]) -> "Visitor":
        return self._followed(self.client.post(path, headers=self.headers, data=values))

    def follow(self, words: str) -> "Visitor":
        """Follow the link that says *words*."""
        return self.open(self.page.xpath(f"//a[contains(normalize-space(), '{words}')]/@href")[0])

    def link(self, words: str) -> str:
        """The address of the link that says *words*; empty where there is none."""
        return next(iter(self.page.xpath(f"//a[contains(normalize-space(), '{words}')]/@href")), "")

    def field(self, name: str):
        return self.page.xpath(f"//input[@name='{name}']")[0]

    def _form(self, button: str):
        if not button:
            return self.page.xpath("//main//form")[0]
        found = self.page.xpath(f"//button[contains(normalize-space(), '{button}')]")[0]
        if found.get("form"):
            return self.page.xpath(f"//form[@id='{found.get('form')}']")[0]
        return found.xpath("ancestor::form")[0]

    def _followed(self, answer: TestResponse) -> "Visitor":
        self.visited.append(answer)
        while answer.status_code in (301, 302, 303, 307, 308):
            where = answer.headers["Location"]
            if not where.startswith("/"):
                break
            answer = self.client.get(where, headers=self.headers)
            self.visited.append(answer)
        return self


def values_of(form) -> dict[str, object]:
    """Return what a form would send as it stands."""
    sent = form.xpath(".//input[@name][not(@type='checkbox' or @type='radio') or @checked]")
    values: dict[str, object] = {}
    for i in sent:  # several boxes may have one name
        held, said = values.get(i.get("name")), i.get("value", "")
        values[i.get("name")] = said if held is None else [*(held if isinstance(held, list) else [held]), said]
    values |= {area.get("name"): area.text or "" for area in form.xpath(".//textarea[@name]")}
    values |= {one.get("name"): one.value for one in form.xpath(".//select[@name]")}
    return values
