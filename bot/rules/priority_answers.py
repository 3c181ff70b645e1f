"""Reading the answer to the question which of the three priorities it is.

People answer "1", "2)", "KRYTYCZNY!!!", "to drugie", "opcja 3", "P1" or "the first one", between a greeting and a
signature. A number or an ordinal counts only among words that say nothing else; the name of a priority counts in any
short sentence. Two different answers, a question back or an "I do not know" are no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import Priority
from bot.rules.folding import bare_letters, readable

_MAX_TEXT = 10_000
_SHORT = 14
"""So many words a sentence may have in which the name of a priority is an answer."""

_CHOICES = {
    Priority.CRITICAL: "1 p1 pierwszy pierwsza pierwsze pierwszego pierwszej first jeden jedynka jedynke",
    Priority.NON_CRITICAL: "2 p2 ii drugi druga drugie drugiego drugiej second dwa dwojka dwojke two middle"
    " srodkowy srodkowa srodkowe",
    Priority.QUESTION: "3 p3 iii trzeci trzecia trzecie trzeciego trzeciej third trzy trojka trojke three"
    " ostatni ostatnia ostatnie last",
}
_BY_WORD = {word: priority for priority, words in _CHOICES.items() for word in words.split()}
_CODES = {Priority.CRITICAL: "p1", Priority.NON_CRITICAL: "p2", Priority.QUESTION: "p3"}
# With the slips of hasty fingers: "krytczny", "krtyczny", "critcal".
_KRYTYCZNY = r"kr?[yi]?r?t[yui]{0,2}cz\w{0,6}"
_CRITICAL = r"cr[ie]?t[ie]?[ck]?[ie]?[ck]?al\b"
# In this order: "niekrytyczny" is read before the "krytyczny" in it.
_NAMES = (
    (
        re.compile(rf"\bniekryt\w{{0,8}}|\bnie[ -]?(?:{_KRYTYCZNY}|kryt\b)|\b(?:non ?-? ?|not ){_CRITICAL}"),
        Priority.NON_CRITICAL,
    ),
    (re.compile(rf"\b(?:{_KRYTYCZNY}|kryt\b|{_CRITICAL})"), Priority.CRITICAL),
)
_QUESTION = (re.compile(r"\b(?:za)?pytani(?:e|a|em)\b|\bquestion\b|\bkonsultacj[aei]\b"), Priority.QUESTION)
_DEFINITIONS = (
    (
        re.compile(r"\bbrak dostepu do urzadzenia\b|\burzadzenie nie dziala\b|\bno access to the device\b"),
        Priority.CRITICAL,
    ),
    (re.compile(r"\b(?:urzadzenie )?dziala niestabilnie\b|\bpodejrzenie problemu\b"), Priority.NON_CRITICAL),
    (re.compile(r"\bzmian[ay] (?:w )?konfiguracji\b|\bwyjasnieni[ea]\b|\bconfiguration change\b"), Priority.QUESTION),
)
_WORDS_AROUND = """
to ten ta te tak jest prosze poprosze wybieram wybor opcja opcje opcji odpowiedz odp numer nr punkt pkt wariant
priorytet prio problem zgloszenie raczej chyba dla mnie nas u bedzie niech czyli jako sprawa poziom dzien dobry witam
hej czesc pan pani panie panstwo szanowni szanowny szanowna dziekuje dzieki z gory za w tym przypadku tylko lecz ale
jednak ad na zmieniam zmieniamy zmiana zmienic ustawic ustaw ustawiam ustawiamy daje dajemy dajmy
option choice answer number no the is it s its one please choose i we go with would say rather think priority my our
level hello hi dear thanks thank you yes that this a in case but pick set make change
"""
_FILLERS = frozenset(_WORDS_AROUND.split())
_DENIALS = frozenset({"nie", "not"})
_SIGN_OFF = re.compile(
    r"\b(?:pozdrawiam\w{0,3}|pozdrowienia|pozdr|z (?:powazaniem|wyrazami szacunku)|(?:best|kind|warm) regards|regards"
    r"|sincerely|cheers|wyslane z|sent from)\b|^--\s*$"
)
_DOUBT = re.compile(
    r"\b(?:nie (?:wiem|jestem pew\w{1,3}|mam pojecia)|trudno powiedziec|albo|lub|badz|czy|or|not sure|do not know"
    r"|don'?t know|no idea|jesli|jezeli|gdyby|if)\b"
)
_OTHER_MEANING = re.compile(
    r"\b(?:krytyczn\w{1,3}|critical) (?:podatnosc|luk|aktualizac|poprawk|infrastruktur|vulnerab|update|patch)"
    r"|\b(?:nie jest|nie byl\w?|isn'?t|is not)(?: \w{1,10}){0,2} (?:krytyczn|critical)"
    r"|\b(?:mam|mamy|jeszcze|dodatkow\w|inne|jedno|na|have|another|more|your|the)(?: \w{1,12})? (?:pytani|question)"
)
_TO_YOUR_QUESTION = re.compile(
    r"\b(?:w )?odpowi[ea]d\w{1,6} na (?:\w{1,10} )?pytani\w{1,2}\b|\b(?:to )?your question\b"
)
# What else we asked for, first in the line: "FGT60FTK20001234, umowa HZ360-2026-000042, 1".
_OTHER_ANSWERS = re.compile(
    r"\s*(?:(?:(?:s/?n|serial|(?:nr|numer) (?:seryjny|umowy)|umow[ay]|contract)(?: (?:nr|number|no))?\b[\s:.#]{0,4})?"
    r"(?<![\w-])(?:f[gw][a-z\d]{14}|[a-z\d]{2,16}(?:-\d{4,8}){2}|\d{4}[a-z]{2}\d{6})(?![\w-])"
    r"[\s,;]{0,4}(?:(?:i|oraz|and) )?)+"
)
_ORDINAL = re.compile(r"\b([123])[ -]?(?:szy|sza|sze|gi|ga|gie|ci|cia|cie|st|nd|rd)\b")
# "2, bo działa": why it is so says nothing of another choice.
_REASON = re.compile(r"[\s,–-]{1,4}(?:bo|bowiem|poniewaz|gdyz|because|since)\b(.*)")
_ROMAN_ONE = re.compile(r"\b(opcj[aei]|option|wariant|punkt|pkt|nr|numer|priorytet) i(?=\W*$)")
_CIRCLED = str.maketrans("①②③❶❷❸", "123123")


def priority_answer(text: str) -> Priority | None:
    """The priority that the new words of a mail choose among the three; None when in doubt.

    Args:
        text: The new words; lines that are quoted nevertheless are left out.
    """
    answers: set[Priority] = set()
    for line in _own_lines(text):
        chosen = _chosen(line)
        answers |= chosen or {answer for sentence in _parts(line, ".!?;") for answer in _named(sentence)}
        if not chosen:
            answers |= {answer for part in _parts(line, ".!?;,") for answer in _chosen(part, alone=False)}
    return answers.pop() if len(answers) == 1 else None


def _own_lines(text: str) -> Iterator[str]:
    """The customer's own lines in bare letters, up to the closing words."""
    for line in bare_letters(readable(text[:_MAX_TEXT].translate(_CIRCLED))).splitlines():
        if line.lstrip().startswith(">"):
            continue
        closing = _SIGN_OFF.search(line)
        yield line[: closing.start()] if closing else line
        if closing:
            return


def _parts(line: str, marks: str) -> list[str]:
    """A line split behind each of the marks, which stay."""
    return re.findall(rf"[^{marks}]+[{marks}]*", line)


def _chosen(part: str, *, alone: bool = True) -> set[Priority]:
    """What some words choose that hold nothing but a choice and fillers.

    Args:
        alone: The words are a whole line; elsewhere a mere digit may be the number of a list.
    """
    if "?" in part:
        return set()
    words = re.findall(r"[^\W_]+", _in_codes(part))
    if words == ["one"]:
        return {Priority.CRITICAL}
    if not alone and len(words) == 1 and words[0].isdecimal():
        return set()
    chosen: set[Priority] = set()
    denied = False
    for word in words:
        if word in _DENIALS:
            denied = True
        elif word in _BY_WORD:
            chosen |= set() if denied else {_BY_WORD[word]}
            denied = False
        elif word not in _FILLERS:
            return set()
    return chosen


def _in_codes(part: str) -> str:
    """The words without what else we asked for and without reasons, every name of a priority as its code."""
    if others := _OTHER_ANSWERS.match(part):
        part = part[others.end() :]
    if (reason := _REASON.search(part)) and not _BY_WORD.keys() & re.findall(r"[^\W_]+", reason[1]):
        part = part[: reason.start()]
    part = _ROMAN_ONE.sub(r"\1 1", _ORDINAL.sub(r"\1", _TO_YOUR_QUESTION.sub(" ", part)))
    for name, priority in (*_NAMES, _QUESTION, *_DEFINITIONS):
        part = name.sub(f" {_CODES[priority]} ", part)
    return part


def _named(sentence: str) -> set[Priority]:
    """The priorities that a sentence calls by their names."""
    words = len(sentence.split())
    if words > _SHORT or "?" in sentence or _DOUBT.search(sentence) or _OTHER_MEANING.search(sentence):
        return set()
    named: set[Priority] = set()
    for name, priority in (*_NAMES, *([_QUESTION] if words <= 4 else [])):
        sentence, count = name.subn(" ", sentence)
        named |= {priority} if count else set()
    return named
