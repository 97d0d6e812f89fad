"""
Typed settings: what needs a restart. Policies, which an administrator changes, are rows.

Read from one YAML file, then the environment (``OSTIARY_`` and ``__`` between levels).
Every fault is reported at once, each with its dotted path. ``config.example.yaml`` and
``docs/reference/settings.md`` are printed from these classes.
"""

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

DATABASE_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: Any) -> Any:
    if isinstance(value, str) and value[-1:] in _UNITS and value[:-1].isdigit():
        return timedelta(seconds=int(value[:-1]) * _UNITS[value[-1]])
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"expected a duration such as 30s, 20m, 12h or 7d, got {value!r}")


Duration = Annotated[timedelta, BeforeValidator(_duration)]


def name_server(value: str) -> tuple[str, int]:
    """
    Return address and port (53 where none is named) of ``192.0.2.53``, ``192.0.2.53:5353`` or ``[2001:db8::53]:53``.

    Raises:
        ValueError: it is none of these.
    """
    address, port = value, "53"
    if value.startswith("["):
        address, bracket, rest = value[1:].partition("]")
        port = rest.removeprefix(":") if rest else "53"
        if not bracket or (rest and not rest.startswith(":")):
            address = ""
    elif value.count(":") == 1:
        address, _, port = value.partition(":")
    try:
        ipaddress.ip_address(address)
        number = int(port)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise ValueError("expected addresses such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53")
    return address, number


class Section(BaseModel):
    """A group of settings. Unknown names are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    url: str = Field(
        "sqlite:///data/ostiary.db",
        description="Where everything is kept. SQLite (path from this file's folder) for trial and small teams; postgresql://user@host/name for service and more than one node.",
    )

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if not separator or not rest.strip("/") or scheme not in DATABASE_SCHEMES:
            raise ValueError("expected sqlite:///path/to/file or postgresql://user@host/name; nothing else is spoken")
        try:
            urlsplit(value).port  # noqa: B018 (reading it is the check)
        except ValueError as error:
            raise ValueError("the port after the host is no number from 0 to 65535") from error
        return value


class KeysSettings(Section):
    directory: Path = Field(
        Path("keys"),
        description="Folder (0700) of the wrapping keys that seal every secret in the database. Back it up apart from the database.",
    )


class ServeSettings(Section):
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(2, ge=1, le=64, description="Worker processes; one per core is right.")


class ProxySettings(Section):
    trusted_hops: int = Field(
        0,
        ge=0,
        le=5,
        description="How many proxies of yours stand in front and append to X-Forwarded-For. 0: the header is ignored.",
    )
    certificate_header: str = Field(
        "",
        description="Header in which the nearest of these proxies says the subject of a client certificate that it has verified. Letters and digits only; the proxy must take it from requests of others. Empty: no certificates.",
    )

    @field_validator("certificate_header")
    @classmethod
    def _not_to_be_imitated(cls, value: str) -> str:
        if value and not (value.isascii() and value.isalnum()):
            raise ValueError(
                "expected letters and digits without a hyphen, such as ClientCertificateSubject: a server takes "
                "X_Y for X-Y, and not every proxy takes both from requests of others"
            )
        return value

    @model_validator(mode="after")
    def _only_of_a_proxy(self) -> Self:
        if self.certificate_header and not self.trusted_hops:
            raise ValueError("certificate_header counts only of a proxy of yours: say how many in trusted_hops")
        return self


class ThrottlingSettings(Section):
    account_free_failures: int = Field(
        5, ge=1, le=1000000, description="Wrong passwords in a row before an account's tries are delayed (1, 2, 4 … s)."
    )
    device_free_failures: int = Field(
        10,
        ge=1,
        le=1000000,
        description="The same on a device that the account is known on, which is counted alone.",
    )
    account_longest_delay: Duration = Field(timedelta(minutes=15), description="The longest such delay.")
    account_stop_at: int = Field(
        100,
        ge=5,
        le=1000000,
        description="Wrong passwords in a row at which the password stops working (there, or on that known device) until recovery, another factor or an administrator helps.",
    )
    address_per_minute: int = Field(
        30,
        ge=1,
        le=1000000,
        description="Failed sign-ins per minute from one address (IPv6: its /64) before it must wait; and, counted by themselves, wrong codes of devices.",
    )
    address_per_hour: int = Field(300, ge=1, le=10000000, description="The same per hour.")
    sign_ons_per_minute: int = Field(
        600,
        ge=1,
        le=10000000,
        description="Sign-ons per minute that people without a session may begin from one address (IPv6: its /64), and refusals of theirs that are written down. Many people behind one address: raise it.",
    )
    registrations_per_hour: int = Field(
        60,
        ge=1,
        le=1000000,
        description="OpenID Connect clients per hour that may register themselves from one address (IPv6: its /64) where a site's registration is open.",
    )
    registered_clients_per_site: int = Field(
        1000, ge=1, le=1000000, description="Clients of one site that have registered themselves; then no more may."
    )
    code_free_failures: int = Field(
        10,
        ge=1,
        le=1000000,
        description="Wrong codes of a second step in a row before it must wait 15 minutes (again after each further so many). One sign-in has five tries.",
    )
    code_stop_at: int = Field(
        100, ge=5, le=1000000, description="Wrong codes in a row at which that second step stops working."
    )


class PasswordsSettings(Section):
    blocklist: Path | None = Field(
        None,
        description="List of breached passwords, made by `idp blocklist build`. Empty: the one that comes with Ostiary (800,000 passwords).",
    )


class EgressSettings(Section):
    allow_addresses: list[str] = Field(
        default_factory=list,
        description="Private addresses or networks that Ostiary may call out to (metadata, keys of clients, logouts). Empty: public addresses only.",
    )

    @field_validator("allow_addresses")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for item in value:
            ipaddress.ip_network(item, strict=False)
        return value


class DomainsSettings(Section):
    resolver_addresses: list[str] = Field(
        default_factory=list,
        description="Name servers that are asked for the proof of domains, as 192.0.2.53 or [2001:db8::53]:5353. Empty: those of the machine.",
    )
    file_port: int = Field(
        443,
        ge=1,
        le=65535,
        description="Port that the file which proves a domain is fetched from. Another than 443 is for trials on one machine only.",
    )

    @field_validator("resolver_addresses")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for item in value:
            name_server(item)
        return value


class DevelopmentSettings(Section):
    allow_http_loopback_applications: bool = Field(
        False,
        description="Accept applications at plain http addresses on loopback (localhost, 127.0.0.1, ::1). For trials on one machine only; logged loudly.",
    )


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is written.")


class MailSettings(Section):
    sender: str = Field("ostiary@localhost", description="From address of what we send.")
    smtp_url: str = Field(
        "", description="smtp://user:password@host:587 or smtps://…; empty: mail stays in the outbox."
    )


class PlacesSettings(Section):
    city_file: Path | None = Field(
        None,
        description="File of MaxMind's format (.mmdb) with countries, cities and coordinates of addresses, such as GeoLite2-City.mmdb. Opened again within a minute of being replaced. Empty: places are not known.",
    )
    asn_file: Path | None = Field(
        None,
        description="The same with autonomous systems, such as GeoLite2-ASN.mmdb. Empty: they are not known.",
    )


class PasskeysSettings(Section):
    attestation_roots: Path | None = Field(
        None,
        description="Folder of the certificates (PEM) of makers of passkeys and security keys. Where an authentication policy names models, a new one must be vouched for by one of these; without the folder the model is what the authenticator says it is.",
    )


class PathsSettings(Section):
    templates_overlay: Path | None = Field(None, description="Folder of templates of your own, looked at before ours.")


class Settings(BaseSettings):
    """All settings of an installation."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="OSTIARY_", env_nested_delimiter="__")

    base_url: str = Field(
        "http://localhost:8000",
        description="Address that people and applications use, without a path. https, except on loopback. Every link, issuer and entity ID is built from it, nothing from the Host header.",
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    keys: KeysSettings = Field(default_factory=KeysSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    proxy: ProxySettings = Field(default_factory=ProxySettings)
    throttling: ThrottlingSettings = Field(default_factory=ThrottlingSettings)
    passwords: PasswordsSettings = Field(default_factory=PasswordsSettings)
    egress: EgressSettings = Field(default_factory=EgressSettings)
    domains: DomainsSettings = Field(default_factory=DomainsSettings)
    development: DevelopmentSettings = Field(default_factory=DevelopmentSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    places: PlacesSettings = Field(default_factory=PlacesSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    passkeys: PasskeysSettings = Field(default_factory=PasskeysSettings)
    paths: PathsSettings = Field(default_factory=PathsSettings)

    @field_validator("base_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("expected an address such as https://id.example.org, without a path")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
            raise ValueError("plain http is for loopback only; use https")
        return value.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether cookies are Secure and carry the __Host- prefix (always, but for http on loopback)."""
        return self.base_url.startswith("https://")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)  # the environment wins over the file


class SettingsError(Exception):
    """The configuration cannot be used; ``faults`` are lines ``dotted.path: what is wrong``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(path: Path) -> Settings:
    """
    Read the settings from the YAML file *path* and the environment.

    Paths in the file are taken from the file's own folder.

    Raises:
        SettingsError: the file is missing or faulty; every fault is in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(
            [f"{path}: no such file. Run `idp init` to make one, or name yours with --config."]
        ) from error
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise SettingsError([f"{path}: is not YAML: {error}"]) from error
    if not isinstance(values, dict):
        raise SettingsError([f"{path}: expected names and values"])
    return resolve(values, path.resolve().parent)


def resolve(values: dict[str, Any], folder: Path) -> Settings:
    """Return checked settings from *values*, with paths taken from *folder*."""
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(
            [
                f"{'.'.join(str(part) for part in fault['loc']) or 'configuration'}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors()
            ]
        ) from error
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": _database_url(settings.database.url, folder)}),
            "keys": settings.keys.model_copy(update={"directory": folder / settings.keys.directory}),
            "passwords": settings.passwords.model_copy(
                update={"blocklist": _below(folder, settings.passwords.blocklist)}
            ),
            "places": settings.places.model_copy(
                update={
                    "city_file": _below(folder, settings.places.city_file),
                    "asn_file": _below(folder, settings.places.asn_file),
                }
            ),
            "passkeys": settings.passkeys.model_copy(
                update={"attestation_roots": _below(folder, settings.passkeys.attestation_roots)}
            ),
            "paths": settings.paths.model_copy(
                update={"templates_overlay": _below(folder, settings.paths.templates_overlay)}
            ),
        }
    )


def _below(folder: Path, path: Path | None) -> Path | None:
    return None if path is None else folder / path


def _database_url(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return prefix + str(folder / url.removeprefix(prefix))
    return url


def default_path() -> Path:
    """Return the configuration file to use where none is named."""
    return Path(os.environ.get("OSTIARY_CONFIG", "config.yaml"))
