"""Reading the answer to "do you mean ...?": a yes, a no, or neither.

People answer "tak", "Tak, zgadza się!", "yes, that's the one" or "nie, to inne urządzenie"; a "tak jak pisałem" and a
"yes?" are no answer. Only the first words of the mail count, behind a greeting.
"""

from __future__ import annotations

import re

from bot.rules.folding import bare_letters, readable

_MOST = 2_000
_GREETING = re.compile(
    r"(?:(?:dzien dobry|dobry wieczor|witam|witajcie|hej|czesc|szanowni panstwo|hello|hi|good (?:morning|afternoon)"
    r"|dear \w+)[ \t]*(?:panstwa|panstwu|all|there|team)?[\s,.!;:-]*)+"
)
_YES_WORDS = (
    r"(?:tak|yes|yep|yeah|owszem|oczywiscie|zgadza sie|to te(?:n|to)|to ta|wlasnie t(?:en|o|a)|dokladnie(?: tak)?"
    r"|potwierdzam|potwierdzamy|jak najbardziej|zgoda|ok|okay|correct|right|exactly|confirmed|i confirm|we confirm"
    r"|that'?s (?:right|correct|it|the one)|that is (?:right|correct)|it is|indeed|prawidlowo|poprawnie|sie zgadza"
    r"|o ten(?: wlasnie)?|o to(?: wlasnie)? chodzi)"
)
_NO_WORDS = (
    r"(?:nie(?:stety)?|no|nope|niestety nie|zaden z nich|bledn[ey]|to nie (?:ten|ta|to)|wrong|not (?:that|this) one"
    r"|incorrect)"
)
_END = (
    r"(?=[\s]*(?:[,.!;:)\n–-]|$)"
    r"|[ \t]+(?:to|o|jest|it|that|this|dokladnie|wlasnie|ten|ta|i|and|numer|urzadzenie|tak|prosze|please|chodzi"
    r"|potwierdzam\w*)\b)"
)
_YES = re.compile(rf"{_YES_WORDS}{_END}(?![ \t]*\?)")
_NO = re.compile(rf"{_NO_WORDS}{_END}(?![ \t]*\?)")
_TAKEN_BACK = re.compile(r"^[^\n]{0,80}?(?:\bale nie\b|\bbut not\b|\bnie ten\b|\bnie t[ao]\b|\bnot that\b)")
_NOT_MEANT = re.compile(
    r"(?:tak|yes) (?:jak|samo|wiec|czy|naprawde|nie|sobie|or|as|but no)\b|(?:tak|yes)[ \t]*\?|nie wiem"
)


def yes_or_no(text: str) -> bool | None:
    """Whether the new words of a mail begin with a yes (True) or a no (False); None where they say neither.

    Args:
        text: The new words, quotations cut.
    """
    plain = bare_letters(readable(text[:_MOST])).strip().lstrip("*-–• \t\"'„”")
    greeting = _GREETING.match(plain)
    if greeting is not None:
        plain = plain[greeting.end() :]
    if _NOT_MEANT.match(plain):
        return None
    if _YES.match(plain):
        return None if _TAKEN_BACK.match(plain) else True
    return False if _NO.match(plain) else None
