"""The words by which people say how bad it is, as patterns for text in lower case without Polish diacritics.

Signs stand in the order in which they are looked for; what one has read no later one reads again. So a part that does
not work ("VPN nie działa") comes before the device that does not, and "not critical" before "critical".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.model import Priority
from bot.rules.needles import Needles, needles


@dataclass(frozen=True, slots=True)
class Sign:
    """What a pattern means.

    Attributes:
        stated: The priority itself is named, not only what happened.
        denied: What its denial means ("to nie jest krytyczne"); None when that means nothing.
        needles: What a text must hold to be looked at (`bot.rules.needles`).
    """

    pattern: str
    priority: Priority
    stated: bool = False
    denied: Priority | None = None
    needles: Needles = frozenset()


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


def _signs(
    priority: Priority, *patterns: str, stated: bool = False, denied: Priority | None = None
) -> tuple[Sign, ...]:
    return tuple(Sign(pattern, priority, stated, denied, needles(pattern)) for pattern in patterns)


_DEVICE = _any(
    r"urzadzen\w{0,4}", r"sprzet\w{0,3}", r"firewall\w{0,4}", r"fortigat\w{0,5}(?:[ -]\d{2,4}\w{0,2})?", "forti",
    r"zapor\w{0,3}", "fw", "utm", "ngfw", r"router\w{0,4}", r"klast\w{1,4}", "cluster", r"fg-?\d\w{1,5}",
    r"fgt-?\w{2,5}", r"f[gw]\w{4}[\da-z]{2}\d{2}\w{6}", r"wez(?:el|l)\w{0,3}", r"nodes?", r"bramk\w{0,3}", "device",
    "unit", "box", "gateway", "appliance",
)  # fmt: skip
_EVERYTHING = _any(
    r"internet\w{0,3}", r"siec\w{0,2}", r"cal\w{1,3} (?:firm|biur|oddzial|fabryk|zaklad|szpital|urzad)\w{0,3}",
    "wszystko", "nic", "produkcja", "network", "everything", "site", "office", "production", "we", "all",
)  # fmt: skip
_PART = _any(
    r"(?:ssl[ -]?)?vpn\w{0,3}", "ipsec", r"tunn?el\w{0,3}", r"port\w{0,3}", r"interfejs\w{0,3}", "interface",
    r"(?:w|l)an ?\d?", r"vlan\w{0,3}", r"lacz\w{1,3}", "link", "wi-?fi", "gui", r"panel\w{0,3}", r"logowani\w{1,2}",
    "dhcp", "dns", "snmp", "ntp", r"polityk\w{1,2}", r"regul\w{1,2}", "ap", r"switch\w{0,3}", r"wentylator\w{0,3}",
    r"zasilacz\w{0,2}", r"dysk\w{0,2}", r"modul\w{0,2}", r"backup\w{0,2}", "e-?mail", r"poczt\w{1,2}", r"stron\w{1,2}",
    r"drukark\w{1,2}", r"filtr\w{0,3}", r"licencj\w{1,2}", "psu", "fan",
)  # fmt: skip
_DEAD = _any(
    r"nie (?:dziala(?:ja|\w)?|wstaj[ea]|wstal\w?|startuj[ea]|odpowiada(?:ja)?|zyj[ea]|reaguj[ea]|swiec[ia]|bootuj[ea])",
    r"nie (?:uruchamia(?:ja)?|wlacza(?:ja)?|podnos(?:i|za)) sie",
    r"sie nie (?:uruchamia(?:ja)?|wlacza(?:ja)?|podnos(?:i|za)|wlaczy\w?|uruchomi\w?)",
    "wisi",
    r"nie (?:chce|moze|mozna|mozemy|da sie) (?:go |sie )?(?:uruchomic|wlaczyc|wstac|wystartowac|podniesc)",
    r"pad(?:l\w?|nie\w{0,2})", r"umarl\w?", r"zdech\w{1,3}", r"spali\w{1,3}(?: sie)?", r"martw\w{1,3}", r"lez[ya]",
    "stoi", "offline", r"nie(?:osiagaln|dostepn)\w{1,3}", r"przesta\w{1,3} (?:dzialac|odpowiadac)", "down", "dead",
    r"not (?:working|responding|booting|starting|powering (?:on|up))", "unresponsive", "unreachable", "bricked",
    r"(?:does not|doesn'?t|do not|don'?t|will not|won'?t|cannot|can'?t|can not)"
    r" (?:work|boot|start|power (?:on|up)|turn on|respond|come up)",
)  # fmt: skip
_VERY = (
    r"(?:(?:w ogole|jest|sa|calkowicie|zupelnie|kompletnie|juz|nadal|dalej|nam|u nas|is|are|went|has gone"
    r"|completely|totally|still|again|znow|znowu) )*"
)
_BADLY = r" (?:poprawnie|prawidlowo|stabilnie|dobrze|jak|tak|w pelni|properly|correctly|as|reliably|well)\b"
_OF_OURS = r"(?: (?:nam|mi|sie|u nas|tez|the|our|this|caly|cala|cale|glowny|glowna))*"
_GAP = r"(?:[ -]{1,2}\w{1,20}){0,3}?[ -]{1,2}"

_LABEL = (
    r"\b(?:priorytet\w{0,3}|priority|prio|severity|sev)(?: (?:zgloszenia|of the ticket))?"
    r"[\s:=#*-]{0,4}(?:(?:to|jest|is|na) )?"
)
_WHAT = r"\b(?:problem\w{0,3}|zgloszeni\w{1,2}|sytuacj\w|sprawa|incydent\w?|issue|ticket|incident)(?: jest| is)? "
_NOT_CRITICAL = r"(?:niekrytyczn\w{1,3}|nie[ -]krytyczn\w{1,3}|non-?critical|(?:non|not) critical)\b"
_CRITICAL = (
    r"(?<!infrastruktura )(?<!infrastruktury )(?<!podatnosc )(?<!luka )(?<!aktualizacja )"
    r"\b(?:krytyczn\w{1,3}|critical)\b"
    r"(?! (?:podatnosc|luk|aktualizac|poprawk|infrastruktur|vulnerab|update|patch|cve|security))"
)
# Buildings and ports are called P1, too.
_PLACES = (
    "budynek", "budynku", "hala", "hali", "pietro", "pietrze", "poziom", "poziomie", "sala", "sali", "pokoj", "pokoju",
    "serwerownia", "serwerowni", "szafa", "szafie", "port", "porcie", "porty", "ports", "rack", "building", "room",
    "floor", "hall",
)  # fmt: skip
_NO_PLACE = r"(?<![\w/-])" + "".join(rf"(?<!{place} )" for place in _PLACES)
_NO_CODE = r"(?![\w/-]|\.\d)"
_ANSWERED_SUBJECT = r"^[\W_]{0,9}(?:(?:re|odp|fwd?|pd)\W{1,3}){0,3}"

_STATED = (
    *_signs(Priority.NON_CRITICAL, rf"{_LABEL}(?:p?2\b|{_NOT_CRITICAL})", stated=True),
    *_signs(Priority.CRITICAL, rf"{_LABEL}(?:p?1\b|krytyczn\w{{1,3}}|critical|najwyzsz\w{{1,2}}|blocker)", stated=True),
    *_signs(Priority.QUESTION, rf"{_LABEL}(?:p?[34]\b|(?:za)?pytani\w{{1,2}}|question)", stated=True),
    *_signs(Priority.CRITICAL, rf"{_NO_PLACE}p1{_NO_CODE}", stated=True),
    *_signs(Priority.NON_CRITICAL, rf"{_NO_PLACE}p2{_NO_CODE}", stated=True),
    *_signs(Priority.QUESTION, rf"{_NO_PLACE}p[34]{_NO_CODE}", stated=True),
    # Our own words for it, in English as in Polish ("problem krytyczny").
    *_signs(Priority.NON_CRITICAL, r"\bnon-?critical problem\b", stated=True),
    *_signs(Priority.CRITICAL, r"(?<!non-)(?<!non )\bcritical problem\b", stated=True),
    *_signs(Priority.NON_CRITICAL, rf"{_WHAT}{_NOT_CRITICAL}", rf"(?m){_ANSWERED_SUBJECT}{_NOT_CRITICAL}(?=[\W_])",
            stated=True),
    *_signs(
        Priority.CRITICAL,
        rf"{_WHAT}(?:krytyczn\w{{1,3}}|critical)\b",
        rf"(?m){_ANSWERED_SUBJECT}(?:krytyczn\w{{1,3}}|critical)(?=[\W_]{{0,9}}$| ?[\]!:-])",
        stated=True,
    ),
)  # fmt: skip

_SAID = (
    *_signs(Priority.NON_CRITICAL, rf"\b{_NOT_CRITICAL}"),
    *_signs(Priority.CRITICAL, _CRITICAL, denied=Priority.NON_CRITICAL),
    # A part of the device, or the device in a bad state: it still works.
    *_signs(
        Priority.NON_CRITICAL,
        rf"\b{_PART}{_GAP}{_VERY}{_DEAD}\b",
        rf"\b{_DEAD}{_OF_OURS} {_PART}\b",
        rf"\b{_DEAD}{_BADLY}",
        rf"\bawari\w{{1,3}} (?:\w{{1,12}} )?{_PART}\b",
        r"\b(?:podejrzen\w{1,3}|podejrzewa\w{0,3}|mozliw\w{1,3}|drobn\w{1,3}|chwilow\w{1,3}|czesciow\w{1,3}|minor|suspected"
        r"|partial) (?:\w{1,15} )?(?:awari\w{1,3}|uszkodzen\w{1,3}|usterk\w{1,2}|problem\w{0,3}|fault|failure|outage)",
    ),
    # The device is dead.
    *_signs(
        Priority.CRITICAL,
        rf"\b(?:{_DEVICE}|{_EVERYTHING}){_GAP}{_VERY}{_DEAD}\b",
        rf"\b{_DEAD}{_OF_OURS} (?:{_DEVICE}|{_EVERYTHING})\b",
        r"\bnie (?:wstaje|uruchamia sie|startuje|wlacza sie|podnosi sie|bootuje)\b",
        r"\bsie nie (?:uruchamia|wlacza|podnosi)\b",
        r"\bnie daje (?:zadnych )?(?:oznak|znakow) zycia",
        r"(?<!slow )(?<!shut )(?<!drop )(?<!cool )(?<!break )(?<!write )(?<!going )(?<!longer )(?<!-)\bdown\b(?!-)"
        r"(?! (?:to|the|below|by|a|time|load|side|stream)\b)",
        r"\b(?:calkowit|totaln|powazn)\w{1,3} (?:awari|usterk)\w{1,3}",
        r"(?<!\w)(?<!usunieto )awari[aei]\b(?! (?:juz |zostala ){0,2}(?:usuniet|minel|zazegnan|naprawion|ustapil))"
        r"(?: (?:calkowit|totaln|powazn)\w{1,3})?",
        r"\b(?:(?:total|complete|full|major) (?:outage|failure)|outage)\b",
        r"\bboot[ -]?loop\w{0,3}",
    ),
    # No access to the device, and nobody has a network.
    *_signs(
        Priority.CRITICAL,
        rf"\b(?:brak\w{{0,2}}|nie (?:ma|mam|mamy)|bez|utraci\w{{1,6}}|straci\w{{1,6}}|utrata) dostep\w{{0,2}}\b"
        rf"(?: (?:do|z) (?:{_DEVICE}|{_EVERYTHING}|niego)\b|(?! (?:do|z) ))",
        rf"\bnie (?:mozna|moge|mozemy|da sie)(?: sie)? (?:polaczyc|zalogowac|dostac|dobic)(?: sie)?"
        rf" (?:z|do|na) {_DEVICE}",
        rf"\bbrak (?:mozliwosci (?:zalogowania|polaczenia|dostepu)|komunikacji|lacznosci|polaczenia)(?: sie)?"
        rf" (?:z|do|na) {_DEVICE}",
        rf"\b(?:no|lost(?: all)?|without) access(?: to)?(?: (?:the|our|this|my))* (?:{_DEVICE}|{_EVERYTHING})\b",
        rf"\b(?:cannot|can'?t|can not|unable to) (?:access|reach|connect to|log ?in(?: ?to)?)"
        rf"(?: (?:the|our|this))* {_DEVICE}",
        r"\b(?:brak|nie ma|nie mamy|bez) (?:internetu|sieci|lacznosci)\b(?! (?:na|u) jedn)",
    ),
    *_signs(
        Priority.NON_CRITICAL,
        r"\bniestabiln\w{1,3}",
        r"\bzawiesza\w{0,2}\b",
        r"\b(?:restartuje|resetuje|wylacza)(?: sie)? (?:sam\w?|samoczynnie|co)\b",
        r"\b(?:zrywa|rozlacza|przerywa)\w{0,2}\b",
        r"\b(?:unstable|intermittent\w{0,2}|flapping|degraded|keeps (?:rebooting|restarting|crashing))\b",
        r"\b(?:dziala|works?),?(?: ale| but)? (?:bardzo |very )?(?:wolno|slowly)",
        r"\bniepiln\w{1,2}\b",
        r"\bnie (?:jest )?(?:to )?(?:piln\w{1,2}|urgent)\b",
        r"\bnie pali sie\b",
        r"\b(?:not|isn'?t)(?: that| so| very)? urgent\b",
    ),
    *_signs(
        Priority.QUESTION,
        r"\b(?:za)?pytani(?:e|a|u|em|ami|ach)\b",
        r"\bzapytac\b",
        r"\b(?:questions?|[ei]nquiry|consultation)\b",
        r"\bs?konsult(?:acj|owa)\w{1,2}\b",
        r"\bjak \w{3,14}c\b",
        r"\bjak (?:moge|mozna|mozemy|nalezy|najlepiej|dodac|(?:zrobi|zmieni|wlaczy|ustawi)\w|skonfigur\w{0,6})\b",
        r"\bhow (?:do|can|to|should)\b",
        r"\bczy (?:mozna|da sie|jest mozliw\w{1,3})\b",
        r"\bpros\w{1,3} o (?:zmian|dodani|dopisani|otwarci|wyjasnieni|konfiguracj|porad)\w{0,3}",
        r"\bzmian\w{0,2} (?:w )?konfiguracj\w",
        r"\bconfiguration change",
        r"\bplease (?:add|change|open|configure|explain)\b",
    ),
)

SIGNS = (*_STATED, *_SAID)

DENIAL = re.compile(
    r"(?<!\w)(?:nie|not|no|bez|without|isn'?t|wasn'?t|zadn\w{1,3})"
    r"(?: (?:jest|sa|ma|mamy|byl\w?|bedzie|to|az|tak|zadn\w{1,3}|an?|any|the|really|so|very)){0,3} $"
)
"""What stands right before words that are denied."""

SUPPOSITION = re.compile(
    r"(?<!\w)(?:w razie|w przypadku|na wypadek|gdyby|jesli|jezeli|in case of|in the event of|if)(?: \w{1,15}){0,2} $"
)
"""What stands right before words that are only supposed."""
