"""Customers in shared Slack channels (Slack Connect): who and what their ids name."""

from __future__ import annotations

import re

from bot.model import Device, Priority
from bot.rules.folding import bare_letters
from bot.rules.wording import Words

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


def is_slack_user(recipient: str) -> bool:
    """Whether this is a Slack user id and no mail address."""
    return _USER.fullmatch(recipient) is not None


def channel_id(typed: str) -> str | None:
    """The Slack id of a channel as somebody gives it: itself, a mention, or a link to the channel; None where none is.

    A channel's name is none: names differ in each workspace of a shared channel, and change.
    """
    words = typed.strip()
    mentioned = re.fullmatch(r"<#([A-Z0-9]+)(?:\|[^>]*)?>", words)
    linked = re.match(r"https://[^/\s]+/(?:archives|client/T[A-Z0-9]+)/([A-Z0-9]+)(?:[/?#]|$)", words)
    found = mentioned or linked
    named = found[1] if found else words.upper() if words.isalnum() else words
    return named if _CHANNEL.fullmatch(named) and any(sign.isdigit() for sign in named) else None


def message_key(channel: str, ts: str) -> str:
    """By which a stored message is found again while its author is asked."""
    return f"slack-message:{channel}:{ts}"


_SUBJECT = 80
_SMALL_TALK = frozenset({
    "dzieki", "dziekuje", "dziekujemy", "bardzo", "wielkie", "super", "swietnie", "ok", "okay", "oki", "okej",
    "tak", "nie", "jasne", "dobrze", "dobra", "rozumiem", "pozdrawiam", "pozdrawiamy", "prosze", "czesc", "hej",
    "witam", "witamy", "dzien", "dobry", "dobranoc", "do", "widzenia", "milego", "dnia", "weekendu", "za",
    "pomoc", "i", "oraz", "panstwu", "wszystkim", "wam", "ci", "serdecznie", "zrobione", "gotowe", "thanks", "lot",
    "thank", "you", "very", "much", "many", "so", "great", "good", "perfect", "yes", "no", "sure", "fine", "hi",
    "hello", "hey", "morning", "afternoon", "evening", "day", "bye", "regards", "cheers", "and", "all",
    "everyone", "for", "the", "help", "have", "a", "nice", "weekend", "done", "welcome", "got", "it",
})  # fmt: skip
_EMOJI_NAME = re.compile(r":[a-z0-9_+'-]+:")


def beginning(words: str) -> str:
    """The first line of somebody's words, shortened at a word: what a report is about."""
    line = next((one.strip() for one in words.splitlines() if one.strip()), "")
    if len(line) <= _SUBJECT:
        return line
    cut = line[: _SUBJECT - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:–-") + "…"


def is_small_talk(words: str) -> bool:
    """Whether a message is nothing but thanks, greetings and the like: nobody wants to be asked about that.

    In doubt it is not: a report that is not heard is worse than a question too many.
    """
    spoken = re.findall(r"[^\W_]+", bare_letters(_EMOJI_NAME.sub(" ", words)))
    return all(word in _SMALL_TALK for word in spoken)


def form_words(w: Words, priority: Priority, device: Device | None, contract: str | None, description: str) -> str:
    """What was chosen in the form, as the words of a report: so they stand in the ticket.

    Args:
        w: The customers' sentences, in the language of the description.
    """
    lines = [
        w("fact_device", model=device.model, serial=device.serial) if device else "",
        w("fact_contract", number=contract) if contract else "",
        w("fact_priority", priority=w(f"priority_{priority}")),
    ]
    return "\n".join([*filter(None, lines), "", description.strip()])
