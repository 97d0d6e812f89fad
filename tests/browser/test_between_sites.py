"""What other sites can and cannot do with the pages, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.support.front import ANN, PASSWORD


@contextmanager
def elsewhere(body: str = "elsewhere") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve *body* from another site; yield its address and the headers of every request it got."""
    got: list[dict[str, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got.append({"path": self.path, **dict(self.headers)})
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Elsewhere</title>{body}".encode())

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_i4_the_answer_of_a_sign_on_reaches_the_application_through_a_form(front, walk):
    """I4: browsers hold the redirects after a form to form-action; the application's origin is in it."""
    with elsewhere() as (address, got):
        one = walk()
        one.open(front.ask(to=f"{address}/callback?code=abc", answers_at=address))
        one.password(ANN)
        one.code()
        one.tab.wait_for_url(f"{address}/callback**")

    requests = [r for r in got if r["path"].startswith("/callback")]
    assert len(requests) == 1
    assert "Referer" not in requests[0], "I7: the address of the sign-on stays here"


def test_a14_a_form_of_another_site_signs_nobody_in(front, base, chrome):
    """A14: neither cookies nor token come with it."""
    tab = chrome.new_context().new_page()
    tab.goto(base + front.ask())
    handle = tab.url.rsplit("/", 1)[1]
    form = (
        f"<form method=post action='{base}/signin/{handle}/password'>"
        f"<input name=username value='{ANN}'><input name=password value='{PASSWORD}'>"
        "<input name=csrf_token value=x><button>Win a prize</button></form>"
    )
    with elsewhere(form) as (address, _):
        tab.goto(address)
        tab.click("button")
        tab.wait_for_load_state()

    assert tab.locator("h1").inner_text() == "Send this form again"
    tab.goto(f"{base}/signin/{handle}")
    assert tab.locator("h1").inner_text() == "Sign in"
    tab.context.close()


def test_i4_no_other_site_can_put_a_page_of_ours_into_a_frame(front, base, chrome):
    """I4: frame-ancestors 'none'."""
    with elsewhere(f"<iframe src='{base}{front.ask()}'></iframe>") as (address, _):
        tab = chrome.new_context().new_page()
        tab.goto(address)
        frame = tab.frames[1]
        assert frame.locator("[name=password]").count() == 0
        tab.context.close()


def test_a_request_that_came_by_a_foreign_form_can_be_claimed_by_the_browser_that_shows_up(front, base, chrome):
    """I3: a cross-site POST carries no cookies; the GET that follows it claims the sign-on."""
    asked = front.ask()
    with elsewhere(f"<a href='{base}{asked}'>go on</a>") as (address, _):
        tab = chrome.new_context().new_page()
        tab.goto(address)
        tab.click("a")
        tab.wait_for_load_state()
        assert tab.locator("h1").inner_text() == "Sign in"
        tab.context.close()

    thief = chrome.new_context().new_page()
    thief.goto(base + asked)
    assert thief.locator("h1").inner_text() == "This sign-in is over"
    thief.context.close()
