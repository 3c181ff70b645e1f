"""The language of a customer's words: Polish or English, cheaply, Polish in doubt."""

from __future__ import annotations

import re

from bot.model import Language

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 5_000
# Words that the other language does not have ("do", "to", "we", "my", "by" are left out); Polish ones also without
# Polish letters, as on foreign keyboards. No "z": it stands in every company's "Sp. z o.o.".
_POLISH = frozenset(
    _WORD.findall("""
        ale albo awaria bardzo bez brak być byc cześć czesc czy dla dobry dzień dzien dziala działa dziękuję dziekuje
        dzięki dzieki gdy gdzie jak jako jest jestem jeszcze już juz kiedy która ktora które ktore który ktory krytyczny
        lub mam mamy nam nas nasz nasze nie niekrytyczny niż numer oraz od pani panie państwa panstwa państwo panstwo
        podaje podaję pomoc ponieważ poniewaz pozdrawiam proszę prosze prosimy przez przy pytanie się sie seryjny są sa
        szanowni tak tego tej też tez tylko umowa umowy urządzenie urzadzenie wam więc wiec witam wszystko wysyłam
        wysylam załączniku zalaczniku zgłaszam zglaszam zgłoszenie zgloszenie żeby zeby że ze
    """)
)
_ENGLISH = frozenset(
    _WORD.findall("""
        about after all am an and any are as at be because been best but can cannot contract could critical dear did
        does doing down for from get has have hello help hey hi how if in is it its just me need not of off our out
        please question regards serial since so sorry thank thanks that the their them then there these they this us
        was were what when where which who why will with working would yes you your
    """)
)


def detect_language(text: str) -> Language:
    """Tell Polish from English.

    Args:
        text: The new words of a mail, quotations cut.

    Returns:
        Polish unless English clearly outweighs it: console output in English is pasted into Polish mails, so Polish
        words count three times; capitalised words with Polish letters do not count, they may be names and addresses.
    """
    polish = english = 0
    for match in _WORD.finditer(text[:_LOOKED_AT]):
        word = match[0]
        lower = word.lower()
        polish += lower in _POLISH or (word[0].islower() and not word.isascii() and _has_polish_letter(lower))
        english += lower in _ENGLISH
    return Language.EN if english > 3 * polish else Language.PL


def _has_polish_letter(word: str) -> bool:
    return any(letter in "ąćęłńóśźż" for letter in word)
