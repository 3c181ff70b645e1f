"""Whether a customer's words ask for something that the contract entitles to. Only a proposal: an engineer decides.

"Proszę o zmianę konfiguracji", "prosimy o upgrade firmware", "chcielibyśmy umówić przegląd logów", "please review our
configuration" ask for one; so does a subject that is nothing but its name. "Po aktualizacji firmware nie działa VPN",
"zrobiliśmy zmianę konfiguracji" and "nie potrzebujemy przeglądu" do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.entitlements import Entitlement
from bot.rules.folding import bare_letters, readable

_MOST = 20_000
"""Whoever has not asked by then does not ask in the pasted log either."""
_LONGEST_NAME = 70
"""Letters of a line that is nothing but the name of what is asked for, such as a subject."""

_DEVICE = r"(?:urzadzeni\w*|fortigate\w*|forti|firewall\w*|zapor\w*|klastr\w*|device\w*|cluster|unit\w*)"
_RULES = (
    r"(?:regul\w*|polityk\w*|polis\w*|vlan\w*|tunel\w*|tunnel\w*|vpn\w*|nat\w*|routing\w*|tras\w*|przekierowani\w*"
    r"|uzytkownik\w*|port(?:u|ow|y)?|polic(?:y|ies)|rules?|routes?|users?|vip\w*|address(?:es)?|adres\w*|sd-?wan\w*)"
)
_CHANGE = (
    r"(?:zmian\w*|zmieni\w*|zmodyfikow\w*|modyfikacj\w*|dostosowa\w*|poprawk\w*|dodani\w*|dodac|dodanie|usuniec\w*"
    r"|usunac|skonfigurowa\w*|utworzeni\w*|utworzyc|zalozeni\w*|otwarci\w*|otworzyc|zablokowa\w*|odblokowa\w*"
    r"|chang(?:e|es|ing)|modif(?:y|ication|ications)|adjust\w*|add(?:ing)?|remov(?:e|ing)|creat(?:e|ing)|open(?:ing)?"
    r"|block(?:ing)?|set(?:ting)? ?up|configur(?:e|ing))"
)
_FEW = r"(?:\s+[\w'’./-]+){0,3}?\s+"
_NAMES: dict[Entitlement, str] = {
    Entitlement.ON_SITE_INSTALLATION: (
        r"\b(?:instalacj\w*|montaz\w*|uruchomieni\w*|wdrozeni\w*)(?:\s+\w+){0,3}?\s+"
        r"(?:on-?\s?site|na miejscu|w (?:naszej |nasz\w+ )?(?:siedzibie|lokalizacji|serwerowni|oddziale|biurze))"
        r"|\bon-?\s?site (?:installation|deployment|setup|install)"
        r"|\binstall(?:ation|ed|ing)?(?:\s+\w+){0,4}?\s+on-?\s?site\b"
    ),
    Entitlement.REMOTE_DEPLOYMENT: (
        rf"\b(?:zdaln\w+\s+)?wdrozeni\w*(?:\s+(?:now\w+|zdaln\w*))?(?:\s+{_DEVICE}|\s+zdaln\w*)|\bzdaln\w+\s+wdrozeni\w*"
        rf"|\bwdrozy\w*\s+(?:\w+\s+){{0,2}}?{_DEVICE}"
        r"|\bpierwsz\w+ (?:uruchomieni\w*|konfiguracj\w*)"
        rf"|\bremote deployment|\bdeploy(?:ment of|ing)?\s+(?:\w+\s+){{0,3}}?{_DEVICE}"
        r"|\binitial (?:setup|configuration)"
    ),
    Entitlement.FIRMWARE_UPGRADE: (
        r"\b(?:upgrade?\w*|update?\w*|aktualizacj\w*|zaktualizow\w*|podniesieni\w*|podnies\w*|wgrani\w*|wgrac)"
        r"(?:\s+(?:wersji|do|nowej|najnowszej|the|our|its|to|of|new|latest|systemow\w*|naszego|zdaln\w*)){0,3}\s+"
        r"(?:firmware\w*|firmwar\w*|oprogramowani\w*|forti\s?os\w*|system\w*|wersj\w*|version|v?\d\.\d\w*)"
        r"|\b(?:firmware|forti\s?os|oprogramowania)[\s-]+(?:upgrade|update|aktualizacj\w*)"
    ),
    Entitlement.REVIEW: (
        rf"\bprzeglad(?:u|y|ow|em|owi)?(?:\s+(?:i|oraz|ustawien|okresow\w*|{_DEVICE}|konfiguracj\w*|log(?:i|ow|ach)?))+"
        r"|\bprzeglad\s+(?:okresow\w*|polroczn\w*)|\bprzejrze\w+\s+(?:\w+\s+){0,2}?(?:konfiguracj\w*|logi|logow)"
        r"|\b(?:configuration|config|log|health)s?(?: and (?:log|configuration)s?)? (?:review|check)\w*"
        rf"|\breview(?:ing)?\s+(?:of\s+)?(?:(?:the|our|its)\s+)?(?:configuration|config|logs?|{_DEVICE})\b"
    ),
    Entitlement.CONFIGURATION_CHANGE: (
        rf"\b{_CHANGE}{_FEW}?(?:konfiguracj\w*|ustawie\w*|config\w*|settings?)\b"
        rf"|\b{_CHANGE}\s+(?:konfiguracj\w*|ustawie\w*|config\w*|settings?|{_RULES})\b"
        rf"|\b{_CHANGE}\s+(?:[\w'’-]+\s+){{1,2}}{_RULES}\b|\bconfig(?:uration)? changes?\b"
    ),
}
_THINGS = {kind: re.compile(name) for kind, name in _NAMES.items()}

_WISH = re.compile(
    r"\b(?:pros(?:ze|imy|ba|by|be|ilbym|ilabym|ilibysmy)|chc(?:e|emy|ialbym|ialabym|ielibysmy)|potrzebuj\w*|potrzebn\w*"
    r"|zlecam\w*|zleceni\w*|zamawiam\w*|wnioskuj\w*|wnosz\w*|zglasza\w*|czy (?:mozna|mozemy|moga|mogliby\w*|moglbym"
    r"|da sie|jest mozliw\w*|mozecie)|kiedy (?:mozna|mozemy|moga|mozecie|mozliw\w*|bedzie mozliw\w*)|umow\w*"
    r"|zaplanowa\w*|ustali\w*|skorzysta\w*|wykorzysta\w*"
    r"|please|could you|can you|would you|can we|could we|we(?:'d| would)? (?:need"
    r"|like|want)|i(?:'d| would)? (?:need|like|want)|request\w*|schedul\w*|arrange|book|plan)\b"
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:po|przez|podczas|od|od czasu|w trakcie|w wyniku|na skutek|z powodu|zaraz po|bez|after|since|during|due to"
    r"|following|because of|caused by|without|before the last)(?:\s+(?:ostatni\w*|tej|the|our|last|nasz\w*|te|an?))?"
    r"|\b(?:wykona|zrobi|wprowadzi|przeprowadzi|dokona)\w*(?:\s+\w+){0,2}"
    r"|\b(?:we|i)(?:'ve| have)? (?:made|did|done|performed|completed)(?:\s+\w+){0,2}"
    r"|\bnie\s+(?:chc\w+|prosz\w*|prosi\w*|potrzeb\w*|planuj\w*|wymaga\w*|trzeba|ma)(?:\s+\w+){0,2}"
    r"|\b(?:no need|not|n['’]t)(?:\s+\w+){0,3})\s*$"
)
_DONE_BEFORE = re.compile(r"\b(?:wykonalismy|zrobilismy|wprowadzilismy|przeprowadzilismy|dokonalismy|zmienilismy)\b")


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What seems to be asked for, and the words that say so, as they are written."""

    kind: Entitlement
    words: str


def asked_for(text: str) -> tuple[AskedFor, ...]:
    """What a customer's words seem to ask for, each kind once, in the order of the words.

    Args:
        text: The new words of a mail, quotations cut; a subject may stand in front of them.
    """
    shown = readable(text[:_MOST])
    plain = bare_letters(shown)
    found: dict[Entitlement, tuple[int, str]] = {}
    taken: list[tuple[int, int]] = []
    for kind, thing in _THINGS.items():  # the narrower ones first: an installation on site is no remote deployment
        for match in thing.finditer(plain):
            if any(match.start() < end and begin < match.end() for begin, end in taken):
                continue
            begin, end = _sentence(plain, match.start(), match.end())
            sentence, before = plain[begin:end], plain[max(begin, match.start() - 60) : match.start()]
            is_name = len(sentence.strip()) <= _LONGEST_NAME and _opens(sentence)
            is_wish = is_name or _WISH.search(sentence) is not None
            if not is_wish or _DENIED_BEFORE.search(before) or _DONE_BEFORE.search(before):
                continue
            taken.append(match.span())
            found.setdefault(kind, (match.start(), _quoted(shown, match.start(), match.end())))
    return tuple(AskedFor(kind, words) for kind, (_, words) in sorted(found.items(), key=lambda one: one[1][0]))


def _opens(sentence: str) -> bool:
    """Whether the line begins with the name of something, as subjects do."""
    start = re.sub(r"^(?:\s|re:|odp:|fwd?:|pd:|\[[^\]]*\]|[-–*•])*", "", sentence)
    return any((match := thing.search(start)) is not None and match.start() <= 10 for thing in _THINGS.values())


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence or line begins and ends; a full stop inside of "7.4" ends nothing."""
    begin = max((stop.end() for stop in re.finditer(r"[!?\n]|\.(?=\s)", text[:start])), default=0)
    stop = re.search(r"[!?\n]|\.(?=\s|$)", text[end:])
    return begin, len(text) if stop is None else end + stop.start()


def _quoted(text: str, start: int, end: int) -> str:
    """What is quoted to the engineer, in bounds."""
    begin, stop = _sentence(text, start, end)
    return text[max(begin, start - 80) : min(stop, end + 80)].strip()
