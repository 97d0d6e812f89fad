"""Known devices: whose they are, how their cookie changes, and what ends that one is remembered (A23)."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Forbidden, NotFound
from idp.base.work import Origin, Place
from idp.directory import accounts
from idp.policy.signon import Method, Proof
from idp.signon import device_cookie, devices
from idp.signon import session as session_
from idp.signon.factors import password, totp
from idp.signon.models import KnownDevice, SignOnSession
from tests.conftest import NOON
from tests.signon.conftest import PASSWORD
from tests.support.people import as_account, stranger

DAYS = 30
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
BOTH = (Proof(Method.PASSWORD, NOON, fresh=True), Proof(Method.TOTP, NOON, fresh=True))


class Browser:
    """A browser that keeps its device cookie."""

    def __init__(self, open_work, world, cookie: str = "") -> None:
        self.open_work, self.world, self.cookie = open_work, world, cookie

    def work_in(self, work):
        origin = Origin("web", ip="192.0.2.1", user_agent=FIREFOX, devices=self.cookie, locate=_krakow)
        return replace(work, origin=origin)

    def sign_in(self, *, now=NOON, account=None, proofs=BOTH, remember_days=0, epoch=None):
        account = account or self.world.ann
        with self.open_work(now=now) as work:
            noted = devices.note(
                self.work_in(work),
                account.organization_id,
                account.id,
                epoch=account.epoch if epoch is None else epoch,
                proofs=proofs,
                remember_days=remember_days,
            )
        self.cookie = noted.cookie or self.cookie
        return noted

    def found(self, *, now=NOON, account=None):
        account = account or self.world.ann
        with self.open_work(now=now) as work:
            return devices.find(self.work_in(work), account.organization_id, account.id)

    def remembered(self, *, now=NOON, days=DAYS):
        with self.open_work(now=now) as work:
            here = devices.find(self.work_in(work), self.world.organization.id, self.world.ann.id)
            epoch = work.tx.session.get_one(accounts.Account, (self.world.organization.id, self.world.ann.id)).epoch
        return here is not None and here.remembered(epoch=epoch, days=days, now=now)


def _krakow(ip: str) -> Place:
    return Place(country="PL", city="Kraków", asn="12345", latitude=50.06, longitude=19.94)


@pytest.fixture
def browser(open_work, world):
    return Browser(open_work, world)


def _rows(open_work):
    with open_work() as work:
        return work.tx.session.query(KnownDevice).order_by(KnownDevice.first_seen_at).all()


def test_a_browser_is_known_after_a_sign_in_with_where_and_what_it_is(open_work, browser):
    assert browser.found() is None

    noted = browser.sign_in()

    assert noted.new
    assert browser.found().id == noted.device_id
    row = _rows(open_work)[0]
    assert (row.user_agent, row.ip, row.place) == (FIREFOX, "192.0.2.1", "Kraków, PL")
    assert row.remembered_until is None


def test_a23_the_cookie_holds_256_random_bits_and_the_row_a_fingerprint(open_work, browser):
    browser.sign_in()

    device_id, token = browser.cookie.split(".")
    row = _rows(open_work)[0]
    assert row.id == device_id
    assert len(token.removeprefix("dvt_")) == 43
    assert token not in (row.token_hash, row.former_token_hash)
    assert len(row.token_hash) == 64


def test_a23_the_token_is_new_at_every_sign_in_and_the_former_one_lives_a_minute(open_work, world, browser):
    browser.sign_in()
    former = Browser(open_work, world, browser.cookie)

    again = browser.sign_in()

    assert not again.new
    assert browser.cookie != former.cookie
    assert former.found(now=NOON + timedelta(seconds=59)) is not None
    assert former.found(now=NOON + timedelta(seconds=60)) is None
    assert browser.found(now=NOON + timedelta(days=365)) is not None


def test_the_slower_of_two_tabs_keeps_the_cookie_that_the_faster_one_brings(open_work, world, browser):
    browser.sign_in()
    slower = Browser(open_work, world, browser.cookie)
    browser.sign_in()

    noted = slower.sign_in()

    assert (noted.new, noted.cookie) == (False, "")
    assert browser.found(now=NOON + timedelta(hours=1)) is not None


@pytest.mark.both_databases
def test_a23_of_many_sign_ins_at_once_one_gets_the_next_token(open_work, world, browser):
    browser.sign_in()
    start, cookies = threading.Barrier(10), []

    def sign_in():
        start.wait()
        cookies.append(Browser(open_work, world, browser.cookie).sign_in().cookie)

    threads = [threading.Thread(target=sign_in) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(cookies) == 10
    assert len([cookie for cookie in cookies if cookie]) == 1
    assert len(_rows(open_work)) == 1


def test_one_browser_carries_a_device_for_each_of_its_accounts_five_at_most(open_work, world, browser):
    with open_work() as work:
        others = [
            accounts.create(work, f"p{n}@acme.example", organization="acme", name=f"Person {n}") for n in range(5)
        ]
    browser.sign_in()
    for other in others[:4]:
        browser.sign_in(account=other)
    assert browser.found() is not None
    assert all(browser.found(account=other) for other in others[:4])

    browser.sign_in(account=others[4])

    assert browser.found() is None, "the one that was used longest ago made room"
    assert browser.found(account=others[4]) is not None
    assert len(device_cookie.read(browser.cookie)) == 5


def test_a23_a_device_of_one_account_is_nothing_to_another(open_work, world, browser):
    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
    browser.sign_in(remember_days=DAYS)

    assert browser.found(account=bob) is None
    assert browser.sign_in(account=bob).new


GOOD = f"dev_{'a' * 26}.dvt_{'b' * 43}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "~",
        GOOD + "~",
        "~" + GOOD,
        GOOD + " ",
        GOOD + "~" + GOOD,
        GOOD + "," + GOOD.replace("a", "c"),
        GOOD.replace("dev_", "acc_"),
        GOOD.replace("dvt_", ""),
        GOOD[:-1],
        GOOD + "b",
        GOOD.upper(),
        GOOD.replace("a", "1"),
        GOOD + "\n",
        GOOD.replace(".", ".."),
        "~".join(GOOD.replace("a", letter) for letter in "acdefg"),
        "x" * 100_000,
        "’" * 78,
    ],
)
def test_a13_a_cookie_that_is_not_wholly_ours_says_nothing(value):
    assert device_cookie.read(value) == ()


def test_a_cookie_that_is_ours_is_read_whole():
    other = GOOD.replace("a", "c")

    assert device_cookie.read(f"{GOOD}~{other}") == (tuple(GOOD.split(".")), tuple(other.split(".")))


@pytest.mark.parametrize("change", ["token", "id"])
def test_a13_neighbours_of_a_known_device_are_strangers(open_work, world, browser, change):
    browser.sign_in()
    device_id, token = browser.cookie.split(".")
    forged = f"{device_id}.dvt_{'A' * 43}" if change == "token" else f"dev_{'a' * 26}.{token}"

    assert Browser(open_work, world, forged).found() is None


def test_it_is_remembered_for_the_days_of_the_policy(browser):
    browser.sign_in(remember_days=DAYS)

    assert browser.remembered(now=NOON + timedelta(days=30) - timedelta(seconds=1))
    assert not browser.remembered(now=NOON + timedelta(days=30))


@pytest.mark.parametrize(
    ("proofs", "remembered"),
    [
        ((Method.PASSWORD, Method.TOTP), True),
        ((Method.PASSWORD, Method.RECOVERY_CODE), True),
        ((Method.PASSKEY,), True),
        ((Method.PASSWORD, Method.SECURITY_KEY), True),
        ((Method.PASSWORD,), False),
        ((Method.PASSWORD, Method.EMAIL_CODE), False),
        ((Method.PASSWORD, Method.KNOWN_DEVICE), False),
        ((Method.PASSWORD, Method.TEMPORARY_PASS), False),
        ((Method.TEMPORARY_PASS,), False),
    ],
)
def test_a23_only_a_strong_second_step_of_this_very_sign_on_makes_it_remembered(browser, proofs, remembered):
    browser.sign_in(proofs=tuple(Proof(method, NOON, fresh=True) for method in proofs), remember_days=DAYS)

    assert browser.remembered() is remembered


def test_a_later_sign_in_neither_prolongs_nor_ends_it(browser):
    browser.sign_in(remember_days=DAYS)

    browser.sign_in(now=NOON + timedelta(days=20))

    assert browser.remembered(now=NOON + timedelta(days=29))
    assert not browser.remembered(now=NOON + timedelta(days=30))


def test_a23_a_policy_that_says_less_ends_it_sooner_and_one_that_says_more_changes_nothing(browser):
    browser.sign_in(remember_days=DAYS)
    after_ten_days = NOON + timedelta(days=10)

    assert browser.remembered(now=after_ten_days, days=11)
    assert not browser.remembered(now=after_ten_days, days=10)
    assert not browser.remembered(now=NOON, days=0)
    assert not browser.remembered(now=NOON + timedelta(days=31), days=90)


def _change_password(work, world):
    password.set_password(work, world.ann.id, PASSWORD + " two", organization_id=world.organization.id)


def _remove_factor(work, world):
    totp.add(work, world.ann.id, b"y" * 20, organization_id=world.organization.id, name="Tablet")
    factor = totp.factors(work, world.organization.id, world.ann.id)[0]
    totp.remove(work, world.ann.id, factor.id, organization_id=world.organization.id, keep_one=True)


def _disable_and_enable(work, world):
    accounts.disable(work, world.ann.id)
    accounts.enable(work, world.ann.id)


def _new_epoch(work, world):
    accounts.bump_epoch(work, world.organization.id, world.ann.id)


def _forget(work, world):
    devices.forget_all(work, world.ann.id, organization_id=world.organization.id)


@pytest.mark.parametrize("change", [_change_password, _remove_factor, _disable_and_enable, _new_epoch, _forget])
def test_a23_what_changes_about_the_account_ends_it(open_work, world, browser, change):
    browser.sign_in(remember_days=DAYS)
    assert browser.remembered()

    with open_work() as work:
        change(work, world)

    assert not browser.remembered()


def test_a23_a_sign_in_after_such_a_change_does_not_bring_it_back(open_work, world, browser):
    browser.sign_in(remember_days=DAYS)
    with open_work() as work:
        _new_epoch(work, world)

    browser.sign_in(epoch=world.ann.epoch + 1)

    assert browser.found() is not None
    assert not browser.remembered()


def test_a_forgotten_device_is_a_stranger_and_signed_out_and_no_other_is(open_work, world, browser):
    other = Browser(open_work, world)
    here, there = browser.sign_in().device_id, other.sign_in().device_id
    with open_work() as work:
        sessions = [_session(work, world, device_id) for device_id in (here, here, there)]

    with open_work() as work:
        devices.forget(work, world.ann.id, here, organization_id=world.organization.id, keep_session=sessions[1])

    assert browser.found() is None
    assert other.found() is not None
    with open_work() as work:
        ended = [work.tx.session.get_one(SignOnSession, (world.organization.id, one)).ended_at for one in sessions]
    assert [one is not None for one in ended] == [True, False, False]


def _session(work, world, device_id):
    from idp.directory.policies import authentication_policy

    _, current = session_.start(
        work,
        organization_id=world.organization.id,
        account_id=world.ann.id,
        epoch=world.ann.epoch,
        proofs=BOTH,
        policy=authentication_policy(work, world.organization.id, None),
        attempt_id="",
        replaces=None,
        device_id=device_id,
    )
    return current.id


def test_a_device_is_forgotten_once(open_work, world, browser):
    here = browser.sign_in().device_id
    with open_work() as work:
        devices.forget(work, world.ann.id, here, organization_id=world.organization.id)

        with pytest.raises(NotFound):
            devices.forget(work, world.ann.id, here, organization_id=world.organization.id)


def test_t_a_person_forgets_no_device_of_somebody_else(open_work, world, browser):
    here = browser.sign_in().device_id
    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
        where = {"organization_id": world.organization.id}

        with pytest.raises(NotFound):
            devices.forget(as_account(work, bob), bob.id, here, **where)
        with pytest.raises(NotFound):
            devices.forget(as_account(work, bob), world.ann.id, here, **where)
        with pytest.raises(Forbidden):
            devices.forget(as_account(work, bob, "auditor"), world.ann.id, here, **where)
        with pytest.raises(NotFound):
            devices.forget_all(stranger(work), world.ann.id, **where)

    assert browser.found() is not None


def test_of_whoever_deletes_cookies_all_the_time_thirty_devices_are_kept(open_work, world):
    browsers = [Browser(open_work, world) for _ in range(31)]
    for number, one in enumerate(browsers):
        one.sign_in(now=NOON + timedelta(minutes=number))

    assert browsers[0].found() is None
    assert all(one.found() is not None for one in browsers[1:])
