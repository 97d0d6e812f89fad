"""The sample mailbox: keeps what comes, shows it escaped, makes links of addresses, and answers to one name."""

import smtplib
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from lxml import html

from idp.samples import mailbox
from tests.support.deployed import free_port

ADDRESS = "http://localhost:8003"


@pytest.fixture
def box():
    return mailbox.Mailbox()


@pytest.fixture
def page(box):
    """Return a function that reads the page of the mailbox."""
    client = mailbox.build(box, ADDRESS).test_client()
    return lambda: html.fromstring(client.get("/", base_url=ADDRESS).text)


def mail(text, subject="Hello"):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ostiary@acme.example", "ann@acme.example", subject
    made.set_content(text)
    return made


def test_a_mail_that_was_sent_by_smtp_is_shown(box, page):
    port = free_port()
    receiver = Controller(mailbox._Receiver(box), hostname="localhost", port=port)
    receiver.start()
    try:
        with smtplib.SMTP("localhost", port, timeout=10) as connection:
            connection.send_message(mail("Grüße\n\nhttps://id.acme.example/recover/rst_a-b_c\n.\n"))
    finally:
        receiver.stop()

    shown = page()
    assert "Grüße" in shown.text_content()
    assert shown.xpath("//section//a/@href") == ["https://id.acme.example/recover/rst_a-b_c"]
    assert shown.xpath("//section/@data-to") == ["ann@acme.example"]


def test_the_newest_is_first_and_the_oldest_are_forgotten(box, page):
    for number in range(205):
        box.take(mail("", f"Number {number}").as_bytes(), ["ann@acme.example"])

    headings = page().xpath("//h2/bdi/text()")
    assert headings[0] == "Number 204"
    assert len(headings) == 200


def test_i4_what_comes_is_shown_as_text(box, page):
    box.take(mail("<script>alert(1)</script> javascript:alert(1)", "<img src=x>").as_bytes(), ["<b>@acme.example"])

    shown = page()
    assert not shown.xpath("//script|//img|//b|//section//a")
    assert "<script>alert(1)</script>" in shown.text_content()


def test_it_answers_to_its_own_name_alone(box):
    client = mailbox.build(box, ADDRESS).test_client()

    assert client.get("/mails.json", base_url=ADDRESS).status_code == 200
    assert client.get("/mails.json", base_url="http://evil.example:8003").status_code == 400
