"""`friction.toml`, read into frozen settings; an unknown key is an error with a hint."""

import codecs
import re
import tomllib
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.calendar import dated
from pipeline.errors import SettingsError, hint

CREDENTIALS = "Credentials for object storage come from the environment or an AWS profile, never from friction.toml."


def known_zone(name: str) -> str:
    """The name, if it is that of a time zone. Raises ValueError with a hint."""
    if name not in available_timezones():
        raise ValueError(f"unknown time zone {name!r}.{hint(name, _zones_like(name))}")
    return name


def known_endpoint(url: str) -> str:
    """The address of an S3-compatible server, if it is one. Raises ValueError."""
    if not re.fullmatch(r"https?://([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/?", url):
        raise ValueError("an endpoint is http:// or https://, a host and perhaps a port, as https://minio.example:9000")
    return url.rstrip("/")


def without_secret(url: str) -> str:
    """The address, if it holds no password. Raises ValueError, which does not quote it."""
    if re.match(r"\w+://[^/@]*:.*@", url):
        raise ValueError(f"holds a password. {CREDENTIALS}")
    return url


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


EPOCHS = ("epoch_s", "epoch_ms", "epoch_us")  # seconds, milliseconds, microseconds since 1970


class Dialect(_Section):
    """How the text of files is to be read, where it does not say so itself; what is not given is found out or usual.

    `encoding` is a name that Python knows (windows-1254, iso-8859-9, utf-16 …); `decimal` is the sign before the
    decimals of numbers, the other one of `.` and `,` then parts thousands; `times` are formats of times besides ISO
    8601: strptime's (%d.%m.%Y %H:%M), or epoch_s, epoch_ms, epoch_us; `sheet` is the sheet of a workbook.
    """

    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Literal[".", ","] | None = None
    times: tuple[str, ...] = ()
    sheet: str | None = None

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            return codecs.lookup(name).name
        except LookupError:
            usual = "utf-8, utf-16, windows-1254, iso-8859-9"
            raise ValueError(f"unknown encoding {name!r}. Usual ones: {usual}.") from None

    @field_validator("times")
    @classmethod
    def _are_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for each in formats:
            if each in EPOCHS:
                continue
            try:
                datetime.strptime("", each)  # noqa: DTZ007 - it is the format that is looked at
            except ValueError as error:
                if "does not match" not in str(error):
                    raise ValueError(
                        f"{each!r} is no format of times: {error}. Known besides: {', '.join(EPOCHS)}."
                    ) from None
            if "%" not in each:
                raise ValueError(f"{each!r} is no format of times.{hint(each, EPOCHS)}")
        return formats

    def over(self, other: "Dialect | None") -> "Dialect":
        """What is given here, else what is given there."""
        if other is None:
            return self
        given = {name: getattr(self, name) or getattr(other, name) for name in Dialect.model_fields}
        return Dialect(**given)


def dialect(**given: Any) -> Dialect:
    """A dialect of what the command line has been given. Raises SettingsError with the option and what is wrong."""
    try:
        return Dialect(**given)
    except ValidationError as error:
        found = error.errors()[0]
        raise SettingsError(f"--{found['loc'][0]}: {found['msg']} (found {found['input']!r})") from error


class Source(Dialect):
    """One input: files of one format that hold rows of one contract."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    contract: str
    path: str
    adapter: str = "canonical"
    timezone: str = "UTC"  # of times that name none
    # of a file's rows that may break rules before the file is refused; else the contract's
    quarantine_limit_share: float | None = Field(default=None, ge=0, le=1)

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return known_zone(name)

    @field_validator("path")
    @classmethod
    def _has_a_form(cls, path: str) -> str:
        dated(without_secret(path), date(2026, 1, 15))
        return path

    def dialect(self) -> Dialect:
        """How its text is to be read, apart from the rest."""
        return Dialect(**{name: getattr(self, name) for name in Dialect.model_fields})


class Storage(_Section):
    """How object storage is reached. Credentials are never here: they come from the environment or an AWS profile."""

    endpoint: str | None = None  # of an S3-compatible server; else AWS_ENDPOINT_URL, else Amazon's
    region: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")  # else AWS_REGION, else the profile's
    anonymous: bool = False  # for buckets that are open to everybody

    @field_validator("endpoint")
    @classmethod
    def _is_an_endpoint(cls, url: str | None) -> str | None:
        return url if url is None else known_endpoint(without_secret(url))


class Project(_Section):
    """What the whole project shares."""

    timezone: str = "UTC"
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    rates: dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    language: Literal["en", "tr"] = "en"
    warehouse: str = "warehouse/friction.duckdb"
    reports: str = "reports"
    journey: str = "ecommerce"
    window_days: int = Field(default=28, ge=1, le=366)
    late_days: int = Field(default=3, ge=0, le=28)  # GA4 and Snowplow rewrite the last three days
    keep_versions: int = Field(default=7, ge=1)
    keep_events_days: int = Field(default=400, ge=150)  # a day looks back 91 days, and late days on top of that

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return known_zone(name)

    @model_validator(mode="after")
    def _is_worth_itself(self) -> "Project":
        if self.rates.get(self.currency, 1.0) != 1.0:
            raise ValueError(f"rates: one {self.currency} is one {self.currency}; name only other currencies")
        return self


def _is_network(network: str) -> str:
    try:
        ip_network(network)
    except ValueError as error:
        example = "Write one like 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32"
        if "host bits" in str(error):
            example = f"Did you mean {ip_network(network, strict=False)}?"
        raise ValueError(f"{error}. {example}") from error
    return network


def _is_expression(expression: str) -> str:
    try:
        if re.compile(expression).search(""):
            raise ValueError("it is found in every text. Give what the user agents have in common")
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return expression


def _is_pattern(pattern: str) -> str:
    if not pattern.strip("* "):
        raise ValueError("it means everybody. Give an id, or a part of it with * for the rest")
    return pattern


Network = Annotated[str, AfterValidator(_is_network)]
Expression = Annotated[str, AfterValidator(_is_expression)]
CustomerPattern = Annotated[str, AfterValidator(_is_pattern)]


class Traffic(_Section):
    """Whose rows are kept and counted, but not looked at: bots, tests, one's own people.

    User agents are regular expressions that are searched for, in the case in which they are written. Customers are ids,
    `*` standing for any text, and all of their rows are meant, of every input that has a `set_aside`.
    """

    bots: bool = True  # the public list of crawlers; `bot_user_agents` are bots besides
    bot_user_agents: tuple[Expression, ...] = ()
    customer_user_agents: tuple[Expression, ...] = ()  # customers, whatever the list or `bot_user_agents` say
    internal_addresses: tuple[Network, ...] = ()  # addresses or networks; rows without an address are not meant
    internal_customers: tuple[CustomerPattern, ...] = ()
    test_customers: tuple[CustomerPattern, ...] = ()
    # Clickstream events of one person within 60 seconds. Fast hands click 7 times a second for a moment; nobody does 10
    # a second for a minute, even where each click sends two events.
    max_events_a_minute: int = Field(default=600, ge=1)


class Settings(_Section):
    """All settings. Paths in `project` and `sources` are relative to `folder`, where the file is."""

    project: Project = Project()
    sources: tuple[Source, ...] = ()
    traffic: Traffic = Traffic()
    storage: Storage = Storage()
    signals: dict[str, dict[str, Any]] = {}
    folder: Path = Path()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a day is a day."""
        return ZoneInfo(self.project.timezone)

    @property
    def warehouse(self) -> Path:
        """The published database, which readers open."""
        return self.folder / self.project.warehouse

    @property
    def reports(self) -> Path:
        """The folder of the reports."""
        return self.folder / self.project.reports

    @property
    def window(self) -> timedelta:
        """Length of the trailing period that scores describe."""
        return timedelta(days=self.project.window_days)


def load(path: Path) -> Settings:
    """The settings in a `friction.toml`.

    Raises SettingsError that names the file, the key, what was found and what is known.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"there is no {path}. Write one (the README shows the smallest), or name it: friction --config PATH …"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        settings = Settings(**content, folder=path.resolve().parent)
    except (ValidationError, TypeError) as error:
        raise SettingsError(f"{path}: {_explained(error)}") from error
    names = [source.name for source in settings.sources]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"{path}: {names.count(name)} sources are called {name!r}. Give each its own name.")
    return settings


def _zones_like(name: str) -> list[str]:
    last = name.rpartition("/")[2].lower()[:4]
    return [zone for zone in available_timezones() if last and last in zone.lower()][:8] or ["UTC", "Europe/Istanbul"]


def _explained(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "`folder` is not a key."
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        key = str(found["loc"][-1])
        sections: dict[str, type[BaseModel]] = {
            "project": Project, "sources": Source, "storage": Storage, "traffic": Traffic,
        }  # fmt: skip
        known = sections.get(str(found["loc"][0]), Settings).model_fields
        more = f" {CREDENTIALS}" if where.startswith("storage.") else ""
        return f"unknown key {where!r}.{hint(key, set(known) - {'folder'})}{more}"
    if "holds a password" in found["msg"]:  # so it must not be shown
        return f"{where}: {found['msg']}"
    return f"{where}: {found['msg']} (found {found['input']!r})"
