"""Dates that are agreed with a customer: reading the confirmation, and when engineers are reminded of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.rules.business_hours import ServiceCalendar
from bot.rules.folding import bare_letters, readable
from bot.rules.sla import BREACH
from bot.rules.wording import Words

NOTICE = timedelta(hours=1)
"""Where a reminder would fall into closed hours, it comes when this much service time is left before them."""

_MOMENT = timedelta(microseconds=1)
_MOST = 2_000
_MOST_WORDS = 30
_YES_WORDS = """
tak potwierdzam potwierdzamy potwierdzone potwierdzony ok okej okay oki zgoda zgadzam zgadzamy pasuje odpowiada
akceptuje akceptujemy oczywiscie jasne swietnie super dobrze
yes yep sure fine confirmed confirm agreed agree accept accepted great perfect works suits alright
"""
YES_WORDS = frozenset(_YES_WORDS.split())
YES_PHRASES = re.compile(r"\b(?:moze byc|jak najbardziej|w porzadku|all right|(?:sounds|looks) good)\b")
_WORDS_AROUND = """
dzien dobry witam hej czesc panie pani pan panu panstwo panstwa panstwu szanowny szanowna szanowni dziekuje
dziekujemy dzieki prosze bardzo ten to ta termin terminu data date godzina godzine godzinie godz o na w dnia
dniu mi nam mnie nas dla jest sie z gory proponowany proponowana podany podana bedzie czekamy czekam i
hello hi dear good morning afternoon thank thanks you the this that day time proposed is it its s us me we i for
with at on please be there our see then
"""
ALLOWED_AROUND = frozenset(_WORDS_AROUND.split())
"""What may stand around a yes, or a choice, without saying anything more."""
_SIGN_OFF = re.compile(
    r"\b(?:pozdrawiam\w{0,3}|pozdrowienia|pozdr|z (?:powazaniem|wyrazami szacunku)|(?:best|kind|warm) regards|regards"
    r"|sincerely|cheers|wyslane z|sent from)\b|^--\s*$",
    re.MULTILINE,
)
WEEKDAYS = (
    "poniedzialek pon monday mon",
    "wtorek wt tuesday tue",
    "sroda srode sr wednesday wed",
    "czwartek czw thursday thu",
    "piatek pt friday fri",
    "sobota sobote sob saturday sat",
    "niedziela niedziele niedz sunday sun",
)
MONTHS = (
    "stycznia sty january jan",
    "lutego lut february feb",
    "marca mar march",
    "kwietnia kwi april apr",
    "maja maj may",
    "czerwca cze june jun",
    "lipca lip july jul",
    "sierpnia sie august aug",
    "wrzesnia wrz september sep sept",
    "pazdziernika paz october oct",
    "listopada lis november nov",
    "grudnia gru december dec",
)


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """That time on that day, UTC; None where the clocks skip it. Of a time that comes twice the first is meant."""
    instant = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    local = instant.astimezone(zone)
    return instant if (local.date(), local.time()) == (day, at) else None


def proposal_text(customer_words: Words, number: str, date_said: str, own_words: str) -> str:
    """The mail that asks the customer to confirm a date, without its signature.

    Args:
        number: The ticket's.
        date_said: The date in words.
        own_words: What the engineer adds; may be empty.
    """
    w = customer_words
    parts = (w("greeting"), w("date_proposed", number=number, date=date_said), own_words.strip(), w("date_confirm"))
    return "\n\n".join(part for part in parts if part)


def confirms(text: str, names: str, agreed: datetime) -> bool:
    """Whether the new words of a mail say yes to a proposed date and nothing else.

    "Tak, potwierdzam", "OK" and "Yes, Friday at 10:00 is fine" do; "tak, ale w piątek", "czy może być później?" and
    everything that says more than yes do not: an engineer reads it and decides.

    Args:
        text: The new words, quotations cut.
        names: What the sender is called, for a name below the words without any greeting before it.
        agreed: The proposed date, in the zone in which the customer was told it; it may be repeated.
    """
    plain = spoken_part(bare_letters(readable(text[:_MOST])))
    if "?" in plain:
        return False
    plain = YES_PHRASES.sub(" tak ", _repeated(agreed).sub(" ", plain))
    said = re.findall(r"[^\W_]+", plain)
    called = re.findall(r"[^\W\d_]+", bare_letters(readable(names)))
    allowed = {*ALLOWED_AROUND, *YES_WORDS, *called, *WEEKDAYS[agreed.weekday()].split()}
    return len(said) <= _MOST_WORDS and not YES_WORDS.isdisjoint(said) and allowed.issuperset(said)


def spoken_part(plain: str) -> str:
    """What stands before the sign-off; `plain` in bare letters."""
    closing = _SIGN_OFF.search(plain)
    return plain[: closing.start()] if closing else plain


def _repeated(at: datetime) -> re.Pattern[str]:
    """Finds the date and the time where a customer repeats them; any other number is not the date."""
    hour = rf"0?{at.hour}"
    times = [rf"\b{hour}[:.]{at.minute:02}\b"]
    if not at.minute:
        times.append(rf"\b(?:o|at|godz|godzin\w{{1,2}})\b\.?\s{{0,3}}{hour}\b(?![:.]\d)")
    year = rf"(?:[\s./-]{{0,3}}{at.year})?"
    days = [
        rf"\b{at:%Y-%m-%d}\b",
        rf"\b0?{at.day}[./-]0?{at.month}\b{year}",
        rf"\b0?{at.day}\.?\s{{0,3}}(?:{'|'.join(MONTHS[at.month - 1].split())})\b{year}",
    ]
    return re.compile("|".join((*days, *times)))


def reminders(
    confirmed: datetime, agreed: datetime, spans: Iterable[timedelta], calendar: ServiceCalendar
) -> list[tuple[int, datetime]]:
    """When something is said of an agreed date, as (level, UTC instant), in order.

    The last is the date itself, level 100: at its very instant where somebody is there or leaves just then, else at
    the next opening. The others are that many seconds before it, as negative levels, and within the window: one that
    would fall into closed hours comes before them. Of two at the same instant the nearer one stays, and one that would
    lie before the confirmation is left out.

    Args:
        spans: `sla.agreed_date_reminders`.
        calendar: The window of the ticket's priority.
    """
    last = agreed if calendar.is_open(agreed) or calendar.is_open(agreed - _MOMENT) else calendar.next_opening(agreed)
    by_instant: dict[datetime, int] = {}
    for span in sorted(spans, reverse=True):
        at = _before(confirmed, agreed - span, calendar)
        if at is not None and at < agreed:
            by_instant[at] = -int(span.total_seconds())
    return [*((level, at) for at, level in by_instant.items()), (BREACH, last.astimezone(UTC))]


def _before(confirmed: datetime, wanted: datetime, calendar: ServiceCalendar) -> datetime | None:
    if wanted <= confirmed:
        return None
    if calendar.is_open(wanted):
        return wanted.astimezone(UTC)
    worked = calendar.elapsed(confirmed, wanted)
    if not worked:
        return calendar.next_opening(wanted)
    return calendar.next_opening(calendar.due(confirmed, max(worked - NOTICE, timedelta(0))))
