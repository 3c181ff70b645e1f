"""Reading the answer to "please confirm that the device is faulty and that we shall send another one".

Only a clear yes counts, since a device is sent on it and the delivery time runs from it: "Tak, potwierdzamy. Adres
dostawy: ..." confirms, "Tak, ale od rana działa", "tak?" and "chyba tak" do not. A clear no, and words that say that
the device works again, are shown to the engineers; nothing is ended by a mail.
"""

from __future__ import annotations

import re
from enum import StrEnum

from bot.rules.folding import bare_letters, readable
from bot.rules.yes_answers import yes_or_no

_MOST = 4_000


class FaultAnswer(StrEnum):
    """What the customer's words say. UNCLEAR: an engineer reads them and decides."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


_DOUBT = re.compile(
    r"\b(?:ale|lecz|jednak\w*|chyba|byc moze|moze|raczej|nie jestesmy pewni|nie jestem pew\w+|nie wiem|jeszcze nie"
    r"|wstrzym\w+|but|however|although|maybe|perhaps|probably|not sure|not yet|hold on|wait)\b"
)
_WORKS = re.compile(
    r"\b(?:(?:znow\w*|ponownie|juz|samo|sie|nagle)\s+)+(?:dzial\w+|wstal\w*|ruszyl\w*|naprawil\w*|uruchomil\w*)"
    r"|\b(?:dziala|wstal\w?|ruszyl\w?)\s+(?:juz|znowu|ponownie|normalnie|poprawnie)"
    r"|\b(?:works?|working|running|back up|came back|is back|up again)\s*(?:again|now|fine|normally)\b"
    r"|\b(?:nie potrzeb\w+|niepotrzebn\w+|rezygnuj\w+|no longer need\w*|not needed|(?:do not|don'?t) need|cancel)\b"
)
_OPENING = re.compile(r"[.!\n]")
_LOOSE_YES = re.compile(
    r"(?:(?:dzien dobry|witam|hello|hi|dear \w+)[\s,.!]*)?(?:potwierdza\w+|tak\b|yes\b|i confirm|we confirm|confirmed)"
)


_NUMBERED = re.compile(r"\A(?P<before>[^\n]{0,60}\n\s*)?(?:ad\.?\s*)?1\s*[.):-]+\s*(?=[^\W\d])", re.IGNORECASE)
"""The answer to the first of the numbered questions of our mail, perhaps below a greeting."""


def fault_answer(text: str) -> FaultAnswer:
    """What the new words of a mail say to the question.

    Args:
        text: Quotations cut.
    """
    text = _NUMBERED.sub(lambda found: found["before"] or "", text[:_MOST].strip())
    plain = bare_letters(readable(text)).strip()
    answer = yes_or_no(text)
    if answer is None and _LOOSE_YES.match(plain):
        opening = _OPENING.split(plain, 1)[0]
        answer = None if "?" in opening or re.search(r"\bnie\b|\bnot\b", opening) else True
    if answer is False:
        return FaultAnswer.NO
    first = " ".join(_OPENING.split(plain)[:3])
    if answer is None or _DOUBT.search(first) or _WORKS.search(plain):
        return FaultAnswer.UNCLEAR
    return FaultAnswer.YES
