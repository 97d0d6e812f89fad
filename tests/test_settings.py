"""Settings: every fault at once with its path; nothing unknown, nothing unsafe is taken."""

from datetime import timedelta

import pytest

from idp.settings import Settings, SettingsError, load, resolve


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a configuration file and reads it."""

    def read(text):
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return read


def test_nothing_said_is_a_safe_installation(file):
    settings = file("")

    assert settings.proxy.trusted_hops == 0
    assert settings.egress.allow_addresses == []
    assert not settings.development.allow_http_loopback_applications
    assert settings.serve.host == "127.0.0.1"


def test_every_fault_is_reported_at_once_with_its_path(file):
    with pytest.raises(SettingsError) as refused:
        file("base_url: nowhere\nserve: {port: 0, unknown: 1}\nthrottling: {account_longest_delay: soon}\nwhat: 1\n")

    faults = "\n".join(refused.value.faults)
    for path in ("base_url", "serve.port", "serve.unknown", "throttling.account_longest_delay", "what"):
        assert f"{path}:" in faults
    assert "got 'soon'" in faults


@pytest.mark.parametrize(
    "base_url",
    [
        "http://id.example.org", "ftp://id.example.org", "https://", "https://id.example.org/path", "id.example.org",
        "https://id.example.org?x=1", "https://id.example.org#x", "https://user@id.example.org",
        "http://localhost.evil.example", "http://127.0.0.1.evil.example",
    ],
)  # fmt: skip
def test_i2_an_address_that_is_no_plain_origin_is_refused(base_url, tmp_path):
    with pytest.raises(SettingsError):
        resolve({"base_url": base_url}, tmp_path)


@pytest.mark.parametrize(
    ("base_url", "secure"),
    [
        ("https://id.example.org", True),
        ("https://id.example.org/", True),
        ("http://localhost:8000", False),
        ("http://[::1]", False),
    ],
)
def test_cookies_are_secure_but_on_loopback(base_url, secure, tmp_path):
    settings = resolve({"base_url": base_url}, tmp_path)

    assert settings.secure is secure
    assert not settings.base_url.endswith("/")


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("20m", timedelta(minutes=20)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations_are_said_with_a_unit(text, duration, tmp_path):
    settings = resolve({"throttling": {"account_longest_delay": text}}, tmp_path)

    assert settings.throttling.account_longest_delay == duration


@pytest.mark.parametrize("text", ["30", 30, "-1m", "1.5h", "", "m", "1w", None])
def test_a_duration_without_a_unit_is_refused(text, tmp_path):
    with pytest.raises(SettingsError):
        resolve({"throttling": {"account_longest_delay": text}}, tmp_path)


def test_the_environment_wins_over_the_file(file, monkeypatch):
    monkeypatch.setenv("OSTIARY_SERVE__PORT", "9000")

    assert file("serve: {port: 8123}").serve.port == 9000


def test_paths_are_taken_from_the_folder_of_the_file(file, tmp_path):
    settings = file("keys: {directory: secret}\ndatabase: {url: 'sqlite:///d/o.db'}\npaths: {templates_overlay: own}\n")

    assert settings.keys.directory == tmp_path / "secret"
    assert settings.database.url == f"sqlite:///{tmp_path}/d/o.db"
    assert settings.paths.templates_overlay == tmp_path / "own"


def test_absolute_paths_and_servers_are_left_alone(tmp_path):
    settings = resolve({"database": {"url": "sqlite:////var/lib/o.db"}, "keys": {"directory": "/etc/keys"}}, tmp_path)
    server = resolve({"database": {"url": "postgresql://user@db/ostiary"}}, tmp_path)

    assert settings.database.url == "sqlite:////var/lib/o.db"
    assert str(settings.keys.directory) == "/etc/keys"
    assert server.database.url == "postgresql://user@db/ostiary"


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "nonsense", "/var/lib/o.db", "mysql://user@db/ostiary", "mariadb+x://db/ostiary", "sqlite", "sqlite://",
        "sqlite:///", "postgresql://", "postgresql+asyncpg://db/ostiary", "postgresql://db:port/ostiary",
        "postgresql://db:99999/ostiary", "postgres:ostiary", "SQLITE:///o.db",
    ],
)  # fmt: skip
def test_a_database_that_is_not_spoken_to_is_refused_in_plain_words(url, tmp_path):
    with pytest.raises(SettingsError) as refused:
        resolve({"database": {"url": url}}, tmp_path)

    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].startswith("database.url: ")


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "{", "a: b: c"])
def test_a_file_that_is_no_mapping_is_refused_in_plain_words(file, text):
    with pytest.raises(SettingsError) as refused:
        file(text)

    assert "config.yaml" in refused.value.faults[0]


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(SettingsError, match="idp init"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("address", ["10.0.0.0/8", "127.0.0.1", "fd00::/8"])
def test_egress_takes_addresses_and_networks(address, tmp_path):
    assert resolve({"egress": {"allow_addresses": [address]}}, tmp_path).egress.allow_addresses == [address]


@pytest.mark.parametrize("address", ["keys.example", "10.0.0.0/99", "*", ""])
def test_egress_takes_no_names(address, tmp_path):
    with pytest.raises(SettingsError):
        resolve({"egress": {"allow_addresses": [address]}}, tmp_path)


def test_settings_cannot_be_changed_while_we_run(tmp_path):
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        resolve({}, tmp_path).base_url = "https://evil.example"


def test_every_setting_says_what_it_means():
    from pydantic import BaseModel

    def bare(model, above=""):
        for name, field in model.model_fields.items():
            default = field.get_default(call_default_factory=True)
            if isinstance(default, BaseModel):
                yield from bare(type(default), f"{above}{name}.")
            elif not field.description:
                yield above + name

    assert list(bare(Settings)) == []
