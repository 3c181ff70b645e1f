"""Every sentence a person reads, by key, audience and language; the sentences themselves are in `locale/*.toml`.

A sentence is a text with named placeholders, "{number}", or a table of plural forms whose form the placeholder `count`
chooses by the CLDR rules (https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html). Tables
nest: `[state] open = "..."` is the key "state.open". Nothing is escaped here: that is the work of whoever shows it.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo

from bot.model import Language

Audience = Literal["staff", "customer"]
Pieces = tuple[tuple[str, str | None], ...]
"""A parsed sentence: literal text, each followed by the name of a placeholder, or None at the end."""

PLURAL_FORMS: dict[Language, tuple[str, ...]] = {
    Language.PL: ("one", "few", "many", "other"),
    Language.EN: ("one", "other"),
}

_NEAR_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def plural_form(count: object, language: Language) -> str:
    """The CLDR plural category of a number; anything that is no whole number is "other"."""
    if not isinstance(count, int):
        return "other"
    count = abs(count)
    if count == 1:
        return "one"
    if language is Language.EN:
        return "other"
    few = count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14}
    return "few" if few else "many"


class Words:
    """The sentences of one audience in one language."""

    def __init__(self, audience: str, language: Language, table: Mapping[str, object]) -> None:
        """Read a parsed TOML table. Raises ValueError naming the key where a sentence is malformed."""
        self.audience = audience
        self.language = language
        self._sentences: dict[str, dict[str, Pieces]] = {}
        self._read(table, "")

    def __call__(self, key: str, /, **params: object) -> str:
        """The sentence with its placeholders filled in.

        Raises:
            KeyError: there is no such sentence, or a placeholder has no value. Values without placeholder are ignored.
        """
        return "".join(
            literal if name is None else f"{literal}{params[name]}" for literal, name in self._pieces_with(key, params)
        )

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    @property
    def keys(self) -> frozenset[str]:
        """Every key that there is."""
        return frozenset(self._sentences)

    def pieces(self, key: str, /, **params: object) -> Pieces:
        """The sentence unfilled, for those who put more than text into its places.

        Raises:
            KeyError: as for a call.
        """
        pieces = self._pieces_with(key, params)
        for _, name in pieces:
            if name is not None and name not in params:
                raise KeyError(name)
        return pieces

    def placeholders(self, key: str) -> frozenset[str]:
        """The placeholders of a sentence, in all its plural forms together; "count" where it has such forms."""
        forms = self._sentences[key]
        names = {name for pieces in forms.values() for _, name in pieces if name is not None}
        return frozenset(names | {"count"} if len(forms) > 1 else names)

    def _pieces_with(self, key: str, params: Mapping[str, object]) -> Pieces:
        forms = self._sentences.get(key)
        if forms is None:
            raise KeyError(f"no sentence {key!r} for {self.audience} in {self.language}")
        return forms["other"] if len(forms) == 1 else forms[plural_form(params["count"], self.language)]

    def _read(self, table: Mapping[str, object], prefix: str) -> None:
        for name, value in table.items():
            key = prefix + name
            if isinstance(value, str):
                self._sentences[key] = {"other": _parse(key, value)}
            elif not isinstance(value, dict):
                raise ValueError(f"{key}: a sentence is a text or a table of plural forms")
            elif "other" in value:
                if set(value) != set(PLURAL_FORMS[self.language]):
                    raise ValueError(f"{key}: needs the forms {', '.join(PLURAL_FORMS[self.language])}")
                self._sentences[key] = {form: _parse(key, text) for form, text in value.items()}
            else:
                self._read(value, key + ".")


def _parse(key: str, text: str) -> Pieces:
    pieces = []
    for literal, name, spec, conversion in string.Formatter().parse(text):
        if name is not None and (not name.isidentifier() or spec or conversion):
            raise ValueError(f"{key}: a placeholder is a plain name in braces, not {name!r}")
        pieces.append((literal, name))
    return tuple(pieces)


@cache
def words(audience: Audience, language: Language) -> Words:
    """The sentences for staff or for customers."""
    return _load(audience, language)


@cache
def _load(name: str, language: Language) -> Words:
    """The sentences of `NAME.LANGUAGE.toml` and of every `NAME_AREA.LANGUAGE.toml`; no key stands in two files."""
    table: dict[str, object] = {}
    for file in sorted(resources.files("bot.rules").joinpath("locale").iterdir(), key=lambda file: file.name):
        if re.fullmatch(rf"{name}(_\w+)?\.{language}\.toml", file.name):
            join_tables(table, tomllib.loads(file.read_text("utf-8")), file.name)
    return Words(name, language, table)


def join_tables(table: dict[str, object], more: Mapping[str, object], where: str) -> None:
    """Put the sentences of one file, named `where`, to those of others. Raises ValueError for a key that stands."""
    for key, value in more.items():
        standing = table.get(key)
        if isinstance(standing, dict) and isinstance(value, dict):
            join_tables(standing, value, f"{where}: {key}")
        elif standing is not None:
            raise ValueError(f"{where}: {key} stands in another file, too")
        else:
            table[key] = value


def format_day(day: date, language: Language) -> str:
    """A day: "23 lis 2026", "23 Nov 2026"."""
    return f"{day.day} {_load('time', language)(f'month.{day.month}')} {day.year}"


def format_full_day(day: date, language: Language) -> str:
    """A day for customers, nothing shortened: "23 listopada 2026", "23 November 2026"."""
    return f"{day.day} {_load('time', language)(f'full_month.{day.month}')} {day.year}"


def format_instant(at: datetime, language: Language, zone: ZoneInfo, now: datetime) -> str:
    """An instant as people say it: "dziś 14:30", "jutro (śr.) 09:00", "pon., 23 lis 2026, 10:15".

    Tomorrow has its weekday: whoever reads it after midnight still knows which day is meant.

    In the hour that comes twice when summer time ends, the zone's name is added: "dziś 02:30 CEST".

    Args:
        at: Aware.
        zone: Where the reader is.
        now: Aware; "today" is the reader's day at this instant.
    """
    local = at.astimezone(zone)
    days_ahead = (local.date() - now.astimezone(zone).date()).days
    if days_ahead not in _NEAR_DAYS:
        return format_fixed(at, language, zone)
    time_words = _load("time", language)
    weekday = time_words(f"weekday.{local.isoweekday()}")
    return time_words(f"day.{_NEAR_DAYS[days_ahead]}", weekday=weekday, clock=_clock(local))


def format_fixed(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """An instant in words that hold on any day they are read: "wt., 24 lis 2026, 10:00"."""
    local, time_words = at.astimezone(zone), _load("time", language)
    weekday, day = time_words(f"weekday.{local.isoweekday()}"), format_day(local.date(), language)
    return time_words("day.any", weekday=weekday, day=day, clock=_clock(local))


def _clock(local: datetime) -> str:
    """Hour and minute; with the zone's name in the hour that comes twice."""
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M}" + (f" {local.tzname()}" if twice else "")


def format_full_date(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """An instant for customers, nothing shortened: "piątek, 27 listopada 2026, 10:00 (CET)"."""
    local, time_words = at.astimezone(zone), _load("time", language)
    weekday, day = time_words(f"full_weekday.{local.isoweekday()}"), format_full_day(local.date(), language)
    return f"{time_words('day.any', weekday=weekday, day=day, clock=f'{local:%H:%M}')} ({local.tzname()})"


def format_date(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """The same in short: "pt., 27 lis 2026, 10:00 (CET)"."""
    local, time_words = at.astimezone(zone), _load("time", language)
    weekday, day = time_words(f"weekday.{local.isoweekday()}"), format_day(local.date(), language)
    return f"{time_words('day.any', weekday=weekday, day=day, clock=f'{local:%H:%M}')} ({local.tzname()})"


def format_span(span: timedelta, language: Language) -> str:
    """A length of time in words, its sign left out: "2 godziny 5 minut", "3 dni 4 godziny", "mniej niż minuta"."""
    return _span(span, language, "span")


def format_short_span(span: timedelta, language: Language) -> str:
    """The same, short: "2 h 5 min", "3 dni 4 h"."""
    return _span(span, language, "short")


def _span(span: timedelta, language: Language, style: str) -> str:
    time_words = _load("time", language)
    days, seconds = abs(span).days, abs(span).seconds
    hours, minutes = seconds // 3600, seconds // 60 % 60
    # Beside days nobody counts minutes.
    units = [("days", days), ("hours", hours)] + ([] if days else [("minutes", minutes)])
    said = [time_words(f"{style}.{unit}", count=count) for unit, count in units if count]
    return " ".join(said) or time_words(f"{style}.moment")
