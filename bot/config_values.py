"""The kinds of value that the configuration knows; a `description` says what is allowed in words."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from ipaddress import IPv6Address
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_POSTGRESQL_OPTIONS = (
    "gsslib", "host", "krbsrvname", "passfile", "port", "service", "servicefile", "ssl", "target_session_attrs",
)  # fmt: skip
"""Of asyncpg those that can be written as text, and that this program does not set itself; `ssl` as libpq's sslmode."""

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SECOND = timedelta(seconds=1)
_LONGEST = timedelta(days=366)  # beyond it sums with dates could leave the calendar


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused, defaults checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class NotAllowed(ValueError):
    """A value is refused with words for the operator; any other ValueError gets the words for its kind of value.

    Args:
        words: What is allowed; or, with `rule`, a whole sentence about how the value stands to other keys.
        rule: True where the value itself need not be shown.
    """

    def __init__(self, words: str, *, rule: bool = False) -> None:
        super().__init__(words)
        self.rule = rule


class Missing(NotAllowed):
    """A key that is needed here is not given; `words` is what may stand in its place."""


class OpeningTime(NamedTuple):
    """One opening time of a day, half-open [opens, closes), local time; closing at 00:00 is the end of the day."""

    opens: time
    closes: time


def parse_duration(value: object) -> object:
    """Turn "30s", "15min", "2h" or "7d" into a timedelta; raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,8})\s*(s|min|h|d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def parse_time(value: object) -> object:
    """Turn "09:00" into a time; TOML's own times pass; raises ValueError for anything else."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d\d:\d\d", value):
        raise ValueError
    return time.fromisoformat(value)


def parse_day(value: object) -> object:
    """Turn "2026-12-31" into a date; TOML's own dates pass; raises ValueError for anything else."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError
    return date.fromisoformat(value)


def parse_opening_time(value: object) -> object:
    """Turn "09:00-17:00" or "17:00-24:00" into an OpeningTime; raises ValueError for anything else."""
    if isinstance(value, OpeningTime):
        return value
    match = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    span = OpeningTime(time.fromisoformat(match[1]), time.fromisoformat(match[2].replace("24:00", "00:00")))
    if span.opens >= span.closes and span.closes != time.min:
        raise ValueError
    return span


def check_database_url(url: str) -> None:
    """Raise NotAllowed, without quoting the URL, unless it names a SQLite file or a PostgreSQL database.

    Options that the driver does not know, such as libpq's "sslmode", would end the program when it connects.
    """
    options: tuple[str, ...] = ()
    try:
        parts = urlsplit(url)
        given = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if parts.scheme == "sqlite+aiosqlite":
            complete = not parts.netloc and len(parts.path) > 1 and ":memory:" not in parts.path
        else:
            options = _POSTGRESQL_OPTIONS
            complete = parts.scheme == "postgresql+asyncpg" and len(parts.path) > 1 and parts.port != 0
    except ValueError:  # its text would quote the URL, which may hold a password
        complete = False
    if not complete:
        raise NotAllowed(
            '"sqlite+aiosqlite:///path/to/file.sqlite3" or "postgresql+asyncpg://user:password@host:5432/database"'
        )
    if unknown := sorted(given.difference(options)):
        known = ", ".join(options) or "none"
        raise NotAllowed(f"{', '.join(unknown)} is no option of the driver; it knows {known}", rule=True)


def _host(value: str) -> str:
    """Raise ValueError unless it is an IP address, or a name that can be looked up (RFC 1035 §2.3.4): no port."""
    if ":" in value:
        IPv6Address(value)
    elif not all(1 <= len(label) <= 63 for label in value.removesuffix(".").split(".")):
        raise ValueError
    return value


def _can_be_written_to(value: str) -> str:
    """Raise ValueError for a domain that has no ASCII form (RFC 5890)."""
    value.rpartition("@")[2].encode("idna")
    return value


def _empty_is_none(value: object) -> object:
    """TOML has no null: an empty text switches an optional key off whose default is on."""
    return None if value == "" else value


def _ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    """Raise NotAllowed unless every number is greater than the one before."""
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise NotAllowed("the numbers have to grow from one to the next", rule=True)
    return values


def _one_after_the_other(times: tuple[OpeningTime, ...]) -> tuple[OpeningTime, ...]:
    if any(later.opens < earlier.closes or earlier.closes == time.min for earlier, later in pairwise(times)):
        raise NotAllowed("the opening times of a day have to follow each other without overlap", rule=True)
    return times


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(ge=_SECOND, le=_LONGEST, description='a duration from "1s" to "366d", such as "30s", "15min", "2h" or "7d"'),
]
DurationOrNone = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(ge=timedelta(0), le=_LONGEST, description='a duration from "0s" to "366d", such as "30s" or "15min"'),
]
# RFC 2177: a client renews IDLE at least every 29 minutes, or the server may end the connection.
IdleTime = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(ge=_SECOND, le=timedelta(minutes=29), description='a duration from "1s" to "29min", such as "4min"'),
]
DeliveryTime = Annotated[Duration | None, BeforeValidator(_empty_is_none)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time), Field(description='a time of day such as "09:00"')]
Day = Annotated[date, BeforeValidator(parse_day), Field(description='a date such as "2026-12-31"')]
DayTimes = Annotated[
    tuple[
        Annotated[
            OpeningTime,
            BeforeValidator(parse_opening_time),
            Field(description='an opening time such as "09:00-17:00" that starts before it ends'),
        ],
        ...,
    ],
    AfterValidator(_one_after_the_other),
]

Secret = Annotated[SecretStr, Field(min_length=1, description="a text that is not empty")]
Name = Annotated[str, Field(min_length=1, max_length=254, description="a text that is not empty")]
FileName = Annotated[str, Field(min_length=1, description="a file's name")]
Host = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=253, description="a host name or an IP address"),
    AfterValidator(_host),
]
Domain = Annotated[
    str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", description='a lower-case domain such as "myhezo.pl"')
]
Address = Annotated[
    str,
    # As `bot.rules.mail_writing` takes them: an ASCII local part, not quoted.
    Field(
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^@\s<>]+$",
        max_length=254,
        description='an e-mail address such as "pomoc@myhezo.pl"',
    ),
    AfterValidator(_can_be_written_to),
]
SlackId = Annotated[
    str,
    Field(pattern=r"^[CDGUWS][A-Z0-9]{2,}$", description='a Slack id such as "C0123456789" or "U0123456789"'),
]
MailboxName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,30}$",
        description="a name of up to 31 lower-case letters, digits, - and _ that starts with a letter",
    ),
]
Folder = Annotated[Name | None, BeforeValidator(_empty_is_none)]
Security = Literal["tls", "starttls", "none"]
Language = Literal["pl", "en"]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Percents = Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=99)], ...], AfterValidator(_ascending)]
Multiples = Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=100)], ...], AfterValidator(_ascending)]
Weekdays = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=1, le=7)], ...],
    Field(min_length=1, description="a list of weekdays from 1 (Monday) to 7 (Sunday)"),
    AfterValidator(_ascending),
]
Extension = Annotated[
    str,
    Field(pattern=r"^[a-z0-9_-]{1,20}$", description='a file extension in lower case without its dot, such as "exe"'),
]
# Not here: "pl", with which Polish host names end, and "pkg", in which FortiGuard updates come.
DANGEROUS_TYPES: tuple[str, ...] = (
    # programs and installers
    "exe", "com", "scr", "pif", "cpl", "dll", "ocx", "sys", "drv", "msi", "msp", "mst", "msix", "msixbundle", "appx",
    "appxbundle", "application", "appref-ms", "gadget", "apk", "ipa", "jar", "class", "jnlp", "dmg", "deb", "rpm",
    "run", "elf", "xll",
    # scripts
    "js", "jse", "mjs", "vb", "vbs", "vbe", "vbscript", "ws", "wsf", "wsc", "wsh", "sct", "bat", "cmd", "btm", "ps1",
    "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psm1", "psd1", "msh", "msh1", "msh2", "hta", "htc", "py", "pyw", "pyc",
    "pyz", "pyzw", "sh", "bash", "zsh", "csh", "ksh", "command", "scpt", "applescript", "ahk", "au3",
    # what opens something else, or changes settings
    "lnk", "url", "website", "desktop", "scf", "shb", "shs", "inf", "ins", "isp", "job", "reg", "rgs", "msc", "chm",
    "hlp", "theme", "themepack", "diagcab", "library-ms", "search-ms", "settingcontent-ms", "rdp", "udl", "iqy", "slk",
    # disk images and archives that hide where a file comes from
    "iso", "img", "vhd", "vhdx", "vmdk", "udf", "cab", "ace", "arj", "wim",
    # documents that run code or pretend to be a page of ours
    "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "one", "onepkg", "mde",
    "accde", "adp", "ade", "htm", "html", "shtml", "xht", "xhtml", "mht", "mhtml", "svg", "svgz", "swf",
)  # fmt: skip
