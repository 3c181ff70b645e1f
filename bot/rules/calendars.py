"""The service's calendars by their names in the terms: "24x7" and "8x5"."""

from __future__ import annotations

from functools import lru_cache

from bot.config import CalendarConfig, Config
from bot.rules.business_hours import ServiceCalendar

ALWAYS = "24x7"
OFFICE_HOURS = "8x5"


def calendar_from_config(name: str, config: Config) -> ServiceCalendar:
    """The calendar of that name; "8x5" has the windows, holidays and closed days of `sla.calendar`.

    The same configuration gives the same object, so its years are worked out once.

    Raises:
        ValueError: Another name, or an unknown time zone or country.
    """
    return named_calendar(name, config.sla.calendar, config.service.timezone)


@lru_cache(maxsize=16)
def named_calendar(name: str, calendar: CalendarConfig, timezone: str) -> ServiceCalendar:
    """The calendar of that name, from the section of the configuration and the zone it is written in."""
    if name == ALWAYS:
        return ServiceCalendar.always()
    if name == OFFICE_HOURS:
        return ServiceCalendar.weekly(
            timezone,
            {weekday: calendar.spans(weekday) for weekday in range(1, 8)},
            country=calendar.country,
            extra_closed=calendar.extra_closed,
        )
    raise ValueError(f"no such calendar: {name!r}; there are {ALWAYS!r} and {OFFICE_HOURS!r}")
