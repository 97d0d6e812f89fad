"""One line a request, with its id, and nothing secret in it (T18)."""

from structlog.testing import capture_logs

from tests.support.front import ANN, PASSWORD


def test_every_request_is_one_line_with_its_id(front, visitor):
    with capture_logs() as lines:
        answer = visitor.open("/livez").answer

    line = next(entry for entry in lines if entry["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/livez", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_t18_neither_handle_nor_query_nor_what_was_typed_is_logged(front, visitor):
    path = front.ask()
    with capture_logs() as lines:
        visitor.open(path).submit(username=ANN, password="wrong wrong wrong")
        visitor.open(path).submit(username=ANN, password=PASSWORD).submit(otp=front.code())
        visitor.open(f"{path}?code=query-canary")
        visitor.open("/signin/sgn_unknown")

    written = repr(lines)
    assert "/signin/<handle>" in written
    for secret in (path.rpartition("/")[2], "query-canary", PASSWORD, "wrong wrong", ANN):
        assert secret not in written
