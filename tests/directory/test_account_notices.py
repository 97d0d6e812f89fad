"""Who is disabled, or enabled again, is told by mail, with a message of the administrator or without one."""

import pytest

from idp.base.errors import Invalid
from idp.base.models import OutboxMessage
from idp.directory import accounts
from idp.directory.models import Account
from tests.support import postbox

ANN = "ann@acme.example"


@pytest.fixture
def ann(an_organization, an_account) -> Account:
    an_organization()
    return an_account()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("", "If you did not expect this"), ("de", "Wenn Sie das nicht"), ("ar", "إن لم تكن تتوقع")],
)
def test_a_person_reads_in_their_language_that_they_were_disabled_and_enabled(
    work, database, noon, ann, language, expected
):
    ann.language = language
    accounts.disable(work, ANN, told=True, message="Your contract has ended.\n  Thank you! ")
    accounts.enable(work, ANN, told=True)
    work.tx.commit()

    back, gone = sorted(postbox.collect(database, noon), key=lambda mail: "Thank you" in mail.text)

    assert [gone.to, back.to] == [ANN, ANN]
    assert "\n\n  Your contract has ended. Thank you!\n\n" in gone.text
    assert "Your contract" not in back.text
    assert back.links == ["http://localhost:8000/"]
    assert expected in gone.text
    assert expected in back.text
    assert gone.subject != back.subject


def test_nobody_is_told_where_that_was_not_asked(work, ann):
    accounts.disable(work, ANN)
    accounts.enable(work, ANN)

    assert work.tx.session.query(OutboxMessage).count() == 0


def test_t13_a_message_is_one_line_of_bounded_text(work, ann):
    accounts.disable(work, ANN, told=True, message="x" * 500)
    accounts.enable(work, ANN, told=True, message="One\r\nBcc: eve@evil.example")
    queued = work.tx.session.query(OutboxMessage).count()
    accepted = []
    for wrong in ("x" * 501, "a\x00b", "a\x1bb", "a\u202eb", "\u2066a\u2069"):
        try:
            accounts.disable(work, ANN, told=True, message=wrong)
        except Invalid:
            continue
        accepted.append(wrong)

    assert accepted == []
    assert ann.disabled_at is None
    assert work.tx.session.query(OutboxMessage).count() == queued == 2
    with pytest.raises(Invalid, match="goes with the mail"):
        accounts.disable(work, ANN, told=False, message="Nobody reads this")
