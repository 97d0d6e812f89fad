"""Who may help somebody who cannot sign in: what the authentication policy says of administrators."""

import pytest

from idp.base.errors import Conflict
from idp.directory import accounts, authentication_policy_changes
from idp.signon import administered_password, resetting
from idp.signon.factors import password, temporary_pass, totp

NEW = "marble lantern orchard nine"


@pytest.fixture
def by_mail_alone(open_work, world):
    with open_work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"recovery": ("mail",)})


HELP = {
    "a temporary pass": lambda work: temporary_pass.make(work, "ann@acme.example"),
    "second steps begun anew": lambda work: resetting.reset_factors(work, "ann@acme.example"),
    "another password": lambda work: administered_password.reset_password(work, "ann@acme.example", NEW),
}


@pytest.mark.parametrize("help_", HELP.values(), ids=HELP)
def test_where_the_policy_names_mail_alone_no_administrator_helps(open_work, by_mail_alone, help_):
    with pytest.raises(Conflict, match="lets no administrator help"), open_work() as work:
        help_(work)


@pytest.mark.parametrize("help_", HELP.values(), ids=HELP)
def test_where_the_policy_names_administrators_they_help(open_work, world, help_):
    with open_work() as work:
        assert help_(work)


def test_a_refusal_takes_nothing_away(open_work, world, by_mail_alone):
    with pytest.raises(Conflict), open_work() as work:
        resetting.reset_factors(work, "ann@acme.example")

    with open_work() as work:
        assert totp.exists(work, world.organization.id, world.ann.id)


def test_the_first_password_is_no_recovery(open_work, world, by_mail_alone):
    with open_work() as work:
        made = accounts.create(work, "new@acme.example", organization="acme", name="New")
        administered_password.reset_password(work, made.id, NEW)
        assert password.has_password(work, world.organization.id, made.id)
