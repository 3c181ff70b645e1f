"""Whether words are a note for colleagues, by how they begin: such words never go to a customer by accident.

"Note:" with a capital N was once mailed to a customer elsewhere, because only "note:" was known. So nothing counts here
but what a reader sees: case, spaces, formatting, quotation, bullets, brackets, emoji, and letters that only look
different do not matter. When in doubt it is a note: whoever means it for the customer takes the mark away.
"""

from __future__ import annotations

import re
import unicodedata

from bot.rules.folding import bare_letters, readable

_BEFORE = re.compile(r"(?::[a-z0-9_+'-]{1,60}:(?:skin-tone-\d:)?|[^\w/#<:;-]|_|-|:|<(?!!--)|;(?!;)|\d{1,2}[.)](?=\s))*")
"""What may stand before the mark: emoji (as characters or ":memo:"), bullets, numbering, brackets, quotation marks."""

_SIGNS = re.compile(r"/\s*/|/\s*\*|#|<!--|;;")
_SEPARATOR = r"[\s*_~`\"'’”»)\]}>.]*(?:[:;|=~)\]}>]|-+(?=\s|$)|\n|$)"
_WORD = (
    r"(?:notes?|notatk[aięeo]\w*|notk[ai]|nota|nb|memo|todo|to do|fyi|internal(?:ly)?|intern|int|wewnetrzn\w+|wewn|wew|"
    r"uwaga|uwagi|komentarz\w*|comments?|private|priv|prywatn\w+|prv|poufn\w+|confidential|team|zespol|staff|"
    r"do siebie|dla siebie|dla mnie|brudnopis|draft|szkic|robocz\w+|off|ot|psst?|tajne|tajna|info wewn)"
)
_MARK = re.compile(
    rf"(?:{_WORD}[\s.*_~`-]*){{1,3}}(?:(?:dla|do|for|to|od|z|from)\s+\w+[\s*_~`]*){{0,2}}{_SEPARATOR}"
    rf"|(?:notatk[aięeo]\w*|notes?|note|komentarz\w*|uwaga|uwagi|info\w*)[\s*_~`]+"
    rf"(?:wewn\w*|sluzbow\w+|robocz\w+|internal\w*|dla\s+(?:nas|zespolu|kolegow|siebie|inzynier\w+)|"
    rf"do\s+(?:nas|zespolu|siebie)|for\s+(?:us|the\s+team|team|colleagues)|to\s+(?:self|the\s+team))\b"
    rf"|(?:dla|do|for|to)\s+(?:zespolu|nas|siebie|mnie|kolegow|inzynierow|(?:the\s+)?team|self){_SEPARATOR}"
    rf"|note-to-self\b|(?:notes?|notatk[ai])\s+-+\s*\w"
    rf"|(?:uwag[ai]|notes?|notatk[ai])\s*[?!]|(?:wewnetrzn\w+|internal)\s*,"
    rf"|(?:wewn|int|wewnetrzn\w+|internal)\s*\.(?!\w)"
    rf"|internal\s+(?:note|comment|only|use)\b|wewnetrzn\w+\s+(?:notatk\w+|uwag\w+|komentarz\w*)\b"
    rf"|(?:tylko|only)\s+(?:dla|for|do)\s+(?:nas|zespolu|us|the\s+team|team|inzynier\w+|staff|uzytku)\b"
    rf"|(?:team|staff|internal)\s+only\b"
    rf"|(?:nie|do\s*not|don.?t)\s+(?:wysyl(?:ac|aj\w*)|send)\b|(?:nie|not)\s+(?:dla|do|for)\s+(?:klient\w+|the\s+customer|customers?)\b"
)
_MOST = 300
"""Characters that are looked at: a mark stands at the beginning."""


def is_note(text: str) -> bool:
    """Whether the text begins as notes for colleagues do.

    Args:
        text: As typed, in Slack's mrkdwn or without.
    """
    folded = bare_letters(_seen(text[:4_000]))[:_MOST]
    begins = _BEFORE.match(folded)
    # What may stand before a mark may be part of it ("-- //"): every place in it is tried.
    end = begins.end() if begins else 0
    places = {0, end, *(place for place in range(end) if not folded[place - 1 : place].isalnum())}
    return any(_SIGNS.match(folded, place) or _MARK.match(folded, place) for place in places)


def _seen(text: str) -> str:
    """What a reader sees: entities and look-alikes made plain, invisible characters gone, one line end."""
    plain = unicodedata.normalize("NFKC", readable(text.replace("\r\n", "\n").replace("\r", "\n")))
    kept = (char for char in plain if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Mn", "Me"})
    return "".join(kept).translate(_LOOK_ALIKES).strip()


_LOOK_ALIKES = str.maketrans("аеіоорсухАВЕІКМНОРСТХ∕⁄／：＃﹟꞉∶", "aeioopcyxABEIKMHOPCTX///:##::")
"""Cyrillic letters and signs that look like ours."""
