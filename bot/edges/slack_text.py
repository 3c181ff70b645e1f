"""Putting foreign words into Slack messages so that they stay words.

Two ways, and nothing else builds texts: rich text elements, whose text Slack never parses (for everything in blocks),
and `mrkdwn`, which escapes and defuses (for fallback texts and ephemeral lines, which have no blocks). Whatever comes
from mail or from people goes through `clean` first.

Limits: https://docs.slack.dev/reference/block-kit/blocks and, for the whole message, measured (`msg_blocks_too_long`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

from bot.model import Ticket
from bot.rules.mail_writing import bare_subject
from bot.rules.wording import Words, format_day

Json = dict[str, object]
Blocks = list[Json]

MAX_BLOCKS_JSON = 12_500
"""Slack takes about 13,000 characters; the rest is room for what we do not know of its counting."""
MAX_BLOCKS = 50
MAX_PIECE = 3_000
"""Characters of one text element, as for a section's text."""
MAX_FALLBACK = 400
MAX_URL = 3_000
"""Characters of an address, as Slack counts them in JSON."""
MAX_PROBLEMS = 8
MAX_LINE = 200

_INVISIBLE = re.compile(
    # Controls except tab and line feed, lone surrogates, and the marks that turn the direction of writing around,
    # with which a name can be made to look like another. Slack's own markup needs none of them.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_URL = re.compile(r"https?://\S+")
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_USERGROUP = re.compile(r"S[A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_MARK = re.compile(r"(?<![^\W_])[*_~`]+|[*_~`]+(?![^\W_])|:(?=[\w+'-]+:)|^(&gt;)+", re.MULTILINE)
_LOOK_ALIKES = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ", ":": "꞉"})


class Mrkdwn(str):
    """A text that is finished mrkdwn: escaped, its markup meant."""

    __slots__ = ()


def clean(text: str) -> str:
    """The text without invisible characters and with plain line ends; never raises."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int = MAX_LINE) -> str:
    """The cleaned text on one line, cut with an ellipsis after `limit` characters (fewer where they are all emoji)."""
    line = " ".join(clean(text).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return cut(line, 2 * limit + 20, "…")


def topic(subject: str, limit: int = MAX_LINE) -> str:
    """A ticket's subject on one line, without "Re:" and our own number; a dash where it says nothing."""
    return one_line(bare_subject(subject), limit) or "–"


def mrkdwn(text: str) -> Mrkdwn:
    """Foreign words inside mrkdwn: no mention, no link, no formatting, no emoji comes of them.

    `&<>` are escaped as https://docs.slack.dev/messaging/formatting-message-text says, which undoes mentions and
    links; signs that would start or end formatting, for which Slack has no escape, are replaced by look-alikes. Inside
    a word ("jan_kowalski@klient.example") they format nothing and stay.
    """
    escaped = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Mrkdwn(_MARK.sub(lambda match: match[0].replace("&gt;", "›").translate(_LOOK_ALIKES), escaped))


def fill(words: Words, key: str, /, **params: object) -> Mrkdwn:
    """A sentence of ours as mrkdwn; every value that is not `Mrkdwn` itself is taken for foreign words."""
    safe = {name: _safe(value) for name, value in params.items()}
    return Mrkdwn(words(key, **safe))


def said(words: Words, key: str, data: Mapping[str, object]) -> Mrkdwn:
    """A sentence, or the one that says more: "<key>_by" (who was first), "<key>_since" (and when), as far as known."""
    more = [one for one in (f"{key}_by", f"{key}_since") if one in words and words.placeholders(one) <= data.keys()]
    return fill(words, more[0] if more else key, **data)


def _safe(value: object) -> object:
    if isinstance(value, Mrkdwn | int):
        return value
    return mrkdwn(one_line(str(value)))


def mention(slack_id: str) -> Mrkdwn:
    """Mentions a user, a user group or a channel in mrkdwn; what is no Slack id is shown as words."""
    if _USER.fullmatch(slack_id):
        return Mrkdwn(f"<@{slack_id}>")
    if _USERGROUP.fullmatch(slack_id):
        return Mrkdwn(f"<!subteam^{slack_id}>")
    if _CHANNEL.fullmatch(slack_id):
        return Mrkdwn(f"<#{slack_id}>")
    return mrkdwn(one_line(slack_id))


# Rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block


def text(value: str, *styles: str) -> Json:
    """A text element; styles are "bold", "italic", "strike", "code"."""
    element: Json = {"type": "text", "text": clean(value)}
    if styles:
        element["style"] = dict.fromkeys(styles, True)
    return element


def person(slack_id: str) -> Json:
    """Mentions a user, a user group or a channel; what is no Slack id is shown as words."""
    if _USER.fullmatch(slack_id):
        return {"type": "user", "user_id": slack_id}
    if _USERGROUP.fullmatch(slack_id):
        return {"type": "usergroup", "usergroup_id": slack_id}
    if _CHANNEL.fullmatch(slack_id):
        return {"type": "channel", "channel_id": slack_id}
    return text(one_line(slack_id))


def link(url: str, words: str) -> Json:
    """Words that lead to a web address; what is none, or is longer than Slack takes, leaves the words alone."""
    if json_size(url) > MAX_URL or not _URL.fullmatch(url):
        return text(words)
    return {"type": "link", "url": url, "text": words}


def named(who: str) -> Json | str:
    """A person or channel of Slack by the id, as an element; an address or a name as it is."""
    found = person(who)
    return who if found["type"] == "text" else found


def reached_at(ticket: Ticket) -> Json | str:
    """Where words to the ticket's customer go: their channel as an element, or an address; "" where none is known."""
    return named(ticket.customer_channel or ticket.requester)


def people(slack_ids: Iterable[str]) -> list[Json]:
    """Mentions several, with spaces between."""
    return [element for slack_id in slack_ids for element in (person(slack_id), text(" "))]


def rich(words: Words, key: str, /, *styles: str, **params: object) -> list[Json]:
    """A sentence of ours as elements: elements, and lists of them, stay; all other values become text of one line."""
    elements: list[Json] = []
    for literal, name in words.pieces(key, **params):
        elements.append(text(literal, *styles))
        value = params.get(name) if name is not None else None
        if isinstance(value, dict):
            elements.append(value)
        elif isinstance(value, list):
            elements += value
        elif value is not None:
            elements.append(text(one_line(str(value)), *styles))
    return elements


def line(*elements: Json) -> Json:
    """A line of elements."""
    return {"type": "rich_text_section", "elements": _joined(elements)}


def quote(foreign: str) -> Json:
    """Foreign words as a quotation, line breaks kept."""
    return {"type": "rich_text_quote", "elements": [text(piece) for piece in split(foreign)]}


def block(lines: Iterable[Json]) -> Json:
    """A block of lines and quotations; empty ones are left out."""
    return {"type": "rich_text", "elements": [one for one in lines if one["elements"]]}


def header(value: str) -> Json:
    """A big line, without any markup."""
    return {"type": "header", "text": plain(value, 150)}


def plain(value: str, limit: int) -> Json:
    """A plain_text object; Slack turns no emoji names in it into pictures."""
    return {"type": "plain_text", "text": one_line(value, limit), "emoji": False}


def sentence(said: str) -> str:
    """The same, beginning with a capital."""
    return said[:1].upper() + said[1:]


def _joined(elements: Iterable[Json]) -> list[Json]:
    """Neighbours of the same style as one element; Slack refuses empty texts."""
    joined: list[Json] = []
    for element in elements:
        if element.get("text") == "":
            continue
        last = joined[-1] if joined else None
        if last and last["type"] == element["type"] == "text" and last.get("style") == element.get("style"):
            joined[-1] = {**last, "text": f"{last['text']}{element['text']}"}
        else:
            joined.append(element)
    return joined


def split(long_text: str, limit: int = MAX_PIECE) -> list[str]:
    """The cleaned text in pieces of at most `limit` characters, cut behind line ends or spaces; joined they give it."""
    rest, pieces = clean(long_text), []
    while len(rest) > limit:
        cut = max(rest.rfind("\n", limit // 2, limit), rest.rfind(" ", limit // 2, limit)) + 1 or limit
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest] if rest else pieces


def json_size(value: object) -> int:
    """Characters of the JSON as it is sent, where a letter beyond ASCII counts six or twelve."""
    return len(json.dumps(value))


def problems_said(problems: Sequence[object], words: Words) -> str:
    """What a report lacks, in words.

    Args:
        problems: Intake's findings, each [problem, *values]; a value is "as written<tab>what it may be" where both are
            known.
    """
    return "; ".join(_problem(problem, words) for problem in problems[:MAX_PROBLEMS])


def _problem(problem: object, words: Words) -> str:
    name, *values = problem if isinstance(problem, list) and problem else [problem]
    key = f"problem.{name}"
    if key not in words:
        return str(name)
    return words(key, values=", ".join(_day_or_number(str(value), words) for value in values))


def _day_or_number(value: str, words: Words) -> str:
    """A day in words; a number as written, with "→" and what it may be."""
    with suppress(ValueError):
        if len(value) == len("2026-11-24"):  # "20261124" would be a day, too
            return format_day(date.fromisoformat(value), words.language)
    return value.replace("\t", " → ")


def cut(long_text: str, room: int, note: str) -> str:
    """The cleaned text; where its JSON is over `room` characters, its beginning and the note that there is more."""
    whole = clean(long_text)
    if json_size(whole) <= room:
        return whole
    room -= json_size(note)
    low, high = 0, min(len(whole), room)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if json_size(whole[:middle]) <= room else (low, middle - 1)
    return whole[:low].rstrip() + note


def fallback(blocks: Sequence[Json]) -> str:
    """What notifications and screen readers get: the blocks' own words, shortened."""
    said = " · ".join(part for part in (_spoken(one).strip() for one in blocks) if part)
    return said if len(said) <= MAX_FALLBACK else _whole_entities(said[: MAX_FALLBACK - 1]) + "…"


def _whole_entities(said: str) -> str:
    """Without a beginning of "&lt;" or "<@U1>" that the cut left at the end."""
    return re.sub(r"(&\w*|<[^>]*)$", "", said)


def _spoken(element: Json) -> str:
    match element:
        case {"type": "header", "text": {"text": str(value)}}:
            return mrkdwn(value)
        case {"type": "text", "text": str(value)}:
            return mrkdwn(value.replace("\n", " "))
        case {"type": "user", "user_id": str(slack_id)} | {"type": "usergroup", "usergroup_id": str(slack_id)}:
            return mention(slack_id)
        case {"type": "channel", "channel_id": str(slack_id)}:
            return mention(slack_id)
        case {"type": "rich_text", "elements": list(elements)}:
            return " · ".join(_spoken(one).strip() for one in elements)
        case {"elements": list(elements), "type": "rich_text_section" | "rich_text_quote"}:
            return "".join(_spoken(one) for one in elements)
        case _:
            return ""
