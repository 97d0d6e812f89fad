"""Mails speak the language of their reader: the account's, else the organization's, else English."""

import pytest

from idp.base import letters
from idp.directory import mailing, names
from idp.directory.models import Account, Organization
from tests.support import postbox

SUBJECTS = {
    "": "Your account at Acme Global is going to be deleted",
    "de": "Ihr Konto bei Acme Global wird gelöscht",
}


@pytest.fixture
def ann(an_organization, an_account) -> Account:
    an_organization()
    return an_account()


def _mailed(work, database, noon, to="ann@acme.example"):
    values = {"organization": "Acme Global", "email": to, "at": noon.isoformat()}
    mailing.queue(work, to, "account-deletion", values, organization_id=work.tx.session.query(Organization).one().id)
    work.tx.commit()
    [letter] = postbox.collect(database, noon)
    return letter


@pytest.mark.parametrize(
    ("of_account", "of_organization", "spoken"),
    [("", "", "en"), ("de", "", "de"), ("", "de", "de"), ("en", "de", "en"), ("ar", "de", "ar"), ("xx", "", "en")],
)
def test_the_account_s_language_goes_before_the_organization_s(
    work, database, noon, ann, of_account, of_organization, spoken
):
    ann.language = of_account
    work.tx.session.query(Organization).one().language = of_organization

    letter = _mailed(work, database, noon)

    expected = {"en": "1 January 2030, 12:00 UTC", "de": "1 Januar 2030, 12:00 UTC", "ar": "UTC"}[spoken]
    assert expected in letter.text
    assert (letter.subject == SUBJECTS[""]) == (spoken == "en")
    assert ("حساب" in letter.subject) == (spoken == "ar")


def test_an_address_without_an_account_is_written_to_in_the_organization_s_language(work, database, noon, ann):
    ann.language = "ar"
    work.tx.session.query(Organization).one().language = "de"

    assert "Konto" in _mailed(work, database, noon, to="new@acme.example").subject


def test_t2_the_same_address_in_another_organization_says_nothing_about_the_language(
    work, an_organization, an_account, ann
):
    other = an_organization("other", "Other")
    an_account(organization="other").language = "ar"
    work.tx.session.flush()

    assert mailing.language_of(work, ann.organization_id, "ann@acme.example") == ""
    assert mailing.language_of(work, other.id, "ann@acme.example") == "ar"
    assert mailing.language_of(work, other.id, "no address") == ""
    assert names.email_key("ann@acme.example") == ann.email_key


def test_what_a_release_before_had_put_into_words_stays_as_it_is():
    assert letters.spoken("1 January 2030, 12:00 UTC", "de") == "1 January 2030, 12:00 UTC"
    assert letters.spoken("2030-01-01T12:00:00+00:00", "en") == "1 January 2030, 12:00 UTC"
