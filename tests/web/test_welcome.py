"""Whoever was invited sets a password, and then signs in as the policy asks."""

from idp.signon import invitations
from tests.support.visitor import Visitor

EVE = "eve@partner.example"
PASSWORD = "a windmill of seven sails"


def test_whoever_was_invited_sets_a_password_signs_in_and_sets_up_the_second_step(front, visitor):
    with front.work() as work:
        invitations.invite(work, EVE, organization="acme", name="Eve External")
    [mail] = front.mails()

    visitor.open(mail.path)
    assert (visitor.path, visitor.title) == ("/recover/password", "Welcome")
    assert EVE in visitor.text
    visitor.submit(new_password=PASSWORD)
    assert visitor.title == "Your password is set"

    visitor.open("/").submit(username=EVE, password=PASSWORD)
    assert visitor.title == "Add a second step"
    secret = visitor.page.xpath("//@data-copy")[0]
    visitor.submit(otp=front.code(secret))
    assert visitor.title == "Keep your recovery codes"
    assert Visitor(front.app.test_client()).open(mail.path).status == 410


def test_a_link_for_seven_days_is_over_then(front, visitor):
    with front.work() as work:
        invitations.invite(work, EVE, organization="acme", name="Eve External")
    [mail] = front.mails()
    front.later(days=7)

    assert visitor.open(mail.path).status == 410
