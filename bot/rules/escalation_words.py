"""Whether a customer's words ask for an escalation. Only a proposal: an engineer decides, nothing is escalated by it.

"Proszę o eskalację", "please escalate", "chcę rozmawiać z kierownikiem" ask for one; "bez eskalacji", "no need to
escalate", "deeskalacja" and the security term "privilege escalation" ("eskalacja uprawnień") do not.
"""

from __future__ import annotations

import re

from bot.rules.folding import bare_letters, readable
from bot.rules.needles import found_in, needles

_MOST = 20_000
"""Whoever has not asked by then does not ask in the pasted log either."""

_WORD = re.compile(
    r"\b(?:wy|z)?es[kc]al(?:acj[aei]|acjom|acia|ow(?:ac|any|ana|ane|anie|ania|al\w*)|uj(?:e|cie|emy|my|)|owalibysmy)\b"
    r"|\bescalat(?:e|ed|es|ing|ions?)\b"
)
_FEW = r"(?:[\w'’-]+\s+){0,4}?"
_BOSS = (
    r"(?<!forti )(?<!forti-)"
    r"\b(?:kierowni[kc]\w*|przelozon\w*|szef(?:a|em|owi|owej|owa|ostwem)?|men[ae]dzer\w*|manager\w*|dyrektor\w*|dyrekcj\w*"
    r"|team ?leader\w*|lider(?:em|a|owi|ka|ki)?)\b"
)
_WANTS = (
    r"\b(?:chce\w*|chcial\w*|chcieli\w*|prosze|prosi(?:my|l\w*)|zadam\w*|domaga\w*|musze|musimy|potrzebuj\w*"
    r"|oczekuj\w*)\s+"
)
_TALK = r"(?:po)?(?:rozmawiac|rozmow[aeyi])|kontakt\w*|skontaktowa\w*|polacz\w*|telefon\w*|przekaz\w*|zaangazowa\w*"
_MANAGER = re.compile(
    rf"{_WANTS}{_FEW}(?:{_TALK})\s+(?:[^\W\d_]+\s+){{0,4}}?{_BOSS}"
    rf"|\bkto jest\s+(?:panstwa|pana|pani|wasz\w*)\s+(?:[^\W\d_]+\s+)?{_BOSS}"
    r"|\b(?:speak|talk|put me through|connect me|transfer me|be connected|be transferred)\s+(?:[\w'’-]+\s+){0,2}?"
    r"(?:to|with)\s+(?:your|a|the)\s+(?:\w+\s+){0,2}?(?:manager|supervisor|team lead(?:er)?|boss|superior|management)\b"
    r"|\binvolve\s+(?:your|the)\s+(?:manager|management|supervisor)\b"
)
_WORD_NEEDLES, _MANAGER_NEEDLES = needles(_WORD), needles(_MANAGER)
_THEIR_OWN = re.compile(r"\b(?:mo[ji]\w*|nasz\w*|swo[ji]\w*|my|our)\b")

# What stands directly before a word of escalation and takes it back.
_DENIED_BEFORE = re.compile(
    r"(?:\bbez|\bzamiast|\bunikn\w+|\bunika\w+"
    r"|\bnie(?:\s+(?:chc\w+|prosz\w*|prosi\w*|ma|trzeba|potrzeb\w*|planuj\w*|zamierz\w*|musi\w*|bed\w+|wymaga\w*|jest"
    r"|widz\w*|to))?"
    r"|\bno\s+(?:need|reason)|\bnot|n['’]t|\bnever|\bwithout|\binstead\s+of|\bavoid\w*|\bunless)"
    r"(?:\s+(?:jeszcze|zadn\w+|powodu|potrzeb\w+|koniecznosci|konieczn\w+|o|do|dalszej|na|razie|teraz|tego|sprawy"
    r"|to|for|an?|any|be|the|it|this|yet|want|wish|further|need|going|asking)){0,4}\s*$"
)
_DENIED_AFTER = re.compile(
    r"\s+(?:\w+\s+)?(?:nie\s+(?:jest\s+)?(?:potrzeb\w*|konieczn\w*|trzeba|bedzie)"
    r"|(?:is|was|are)(?:\s+not|n['’]t)\s+\w*\s*(?:needed|necessary|required|wanted)|not\s+(?:needed|necessary|required))"
)
_PRIVILEGES_BEFORE = re.compile(r"\bde[-\s]?$|\bprivileges?[-\s]+$|\b(?:podatnosc\w*|cve[-\d]*)(?:\s+\w+){0,2}\s+$")
_PRIVILEGES_AFTER = re.compile(
    r"\s*(?:,?\s*of)?\s+(?:the\s+)?(?:uprawnien|przywilej|praw\b|privileg|permission|rights|vulnerab|exploit|attack|bug)"
)
_GROWS = re.compile(r"\b(?:problem\w*|sytuacj\w*|awari\w*|konflikt\w*)\s+(?:sie\s+|ciagle\s+|nadal\s+|znowu\s+)?$")


def asks_for_escalation(text: str) -> str | None:
    """The words by which a customer asks for an escalation, as they are written; None where none do.

    Args:
        text: The new words of a mail, quotations cut; a subject may stand in front of them.
    """
    shown = readable(text[:_MOST])
    plain = bare_letters(shown)
    for match in found_in(plain, _WORD, _WORD_NEEDLES):
        before, after = plain[max(0, match.start() - 60) : match.start()], plain[match.end() : match.end() + 40]
        if _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after):
            continue
        if _PRIVILEGES_BEFORE.search(before) or _PRIVILEGES_AFTER.match(after):
            continue
        if match[0] == "eskaluje" and _GROWS.search(before):  # "problem eskaluje" grows; "eskaluję" asks
            continue
        return _sentence(shown, match.start(), match.end())
    for match in found_in(plain, _MANAGER, _MANAGER_NEEDLES):
        before = plain[max(0, match.start() - 20) : match.start()]
        if not _THEIR_OWN.search(match[0]) and not re.search(r"\b(?:nie|not|n['’]t)\s+(?:\w+\s+)?$", before):
            return _sentence(shown, match.start(), match.end())
    return None


def _sentence(text: str, start: int, end: int) -> str:
    """What is quoted to the engineer: the words with what stands around them in their line, in bounds."""
    begin = max(text.rfind(sign, 0, start) for sign in ".!?\n") + 1
    stops = [found for sign in ".!?\n" if (found := text.find(sign, end)) >= 0]
    stop = min(stops, default=len(text))
    return text[max(begin, start - 80) : min(stop, end + 80)].strip()
