"""The server as deployed, at the level of octets: nothing ambiguous is read in two ways, no header stands for another."""

import re
import socket
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.journey

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def send(address: str, octets: bytes) -> list[int]:
    """Send *octets* in one piece; return the statuses of all answers until the server is silent or closes."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(octets)
        connection.settimeout(1.5)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", got)]


AMBIGUOUS = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 44\r\n\r\nhello" + SMUGGLED,
    "a length with a sign": b"Content-Length: +5\r\n\r\nhello" + SMUGGLED,
    "a list of lengths": b"Content-Length: 5, 44\r\n\r\nhello" + SMUGGLED,
    "an encoding that is none": b"Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
    "a folded header": b"X: a\r\n Content-Length: 5\r\n\r\nhello" + SMUGGLED,
}


@pytest.mark.parametrize("how", AMBIGUOUS)
def test_i9_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(live_server, how):
    head = b"POST /organization HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"

    assert send(live_server.base_url, head + AMBIGUOUS[how]) in ([], [400], [501])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="a length beside chunks"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n5x\r\nhello\r\n0\r\n\r\n" + SMUGGLED, id="a chunk size that is none"
        ),
    ],
)
def test_i9_a_body_whose_end_is_doubtful_is_no_form_and_the_last_that_is_read(live_server, body):
    """RFC 9112 sections 6.3 and 7.1: whoever began to read it answers once, as to an empty form, and closes."""
    head = b"POST /organization HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"

    answers = send(live_server.base_url, head + body)

    assert len(answers) <= 1, answers
    assert all(status in (400, 403) for status in answers)


def test_the_same_requests_without_the_ambiguity_are_answered(live_server):
    """So that the refusals above are for what they say."""
    head = b"POST /organization HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"

    assert send(live_server.base_url, head + b"Content-Length: 5\r\n\r\nhello" + SMUGGLED) == [403, 404]
