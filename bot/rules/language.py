"""The language of a customer's words: Polish or English, cheaply, Polish in doubt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.model import Language
from bot.rules.reply_text import is_answering
from bot.rules.signatures import CLOSING, GREETING

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 5_000
_POLISH_LETTERS = frozenset("ąćęłńóśźż")
_WITHOUT_POLISH_LETTERS = str.maketrans("ąćęłńóśźż", "acelnoszz")
_KNOWN, _GUESSED = 2, 1
# Console output in English is pasted into Polish mails, and Polish engineers say "down" and "update"; nobody
# scatters Polish words over an English mail.
_POLISH_COUNTS = 3
_POLISH_SENTENCE = 3  # different Polish words in one line are a sentence, however long the log below it
_LONGEST_ACRONYM = 4

# Words that the other language does not have ("to", "was", "by", "pan", "but" are left out, and what both have, such
# as "problem" and "status"); Polish ones also without Polish letters, as on foreign keyboards. No "z": it stands in
# every company's "Sp. z o.o.".
_POLISH = frozenset(
    _WORD.findall("""
        adres albo ale awaria awarie awarii bardzo bez biura biurze bledy brak braku byc byl byla bylem bylo cala caly
        cennik chce chcemy ciagle cos czas czasu czekam czekamy czemu czesc czy dalej dla dlaczego dni dniu dobra dobry
        dobrze dopiero dostawa dostepu drugie dziala dzialac dzialaja dzieki dziekuje dziekujemy dzien dzis dzisiaj
        firmie gdy gdzie godziny gwarancja hasla haslo hej internetu inzynier jak jaki jakie jako jest jestem jestesmy
        jeszcze jutro juz kazdy kiedy kilka klopot klopoty kontakt krytyczna krytyczne krytyczny kto ktora ktore ktory
        ktos lacza lacze licencja licencje lub mam mamy mial miala mialem mnie moge moze mozemy mozna na nad nadal nam
        nami naprawa naprawe nas nasz nasza nasze naszego naszej naszych nic nie niekrytyczny niestety nikt niz numer
        numeru numery oczywiscie od oddzial oferta oferte oraz ostatnio otrzymalismy pada padl padla padlo pani panie
        panstwa panstwo pierwsze pilna pilne pilnie pilny podaje pokazuje polaczenia polaczenie pomoc pomoca pomocy
        pomozcie pomylka poniewaz ponownie poprawny potrzebuje potrzebujemy potwierdzam powoli pozdrawiam problemu
        problemy prosba prosimy prosze przed przestal przestala przesylam przez przy pytania pytanie rana rano ratunku
        razem restartuje ruszylo sa serwisant seryjny sie siec sieci skad slucham sluzbowy sprawdz sprawdzcie sprawdzic
        swieci szanowni szybko tak taki takze tego tej telefon temu teraz tez trzeba trzecie tylko umowa umowe umowy
        uprzejmie urzadzenia urzadzenie uszkodzona uszkodzone uszkodzony uzytkownicy wam wasz wciaz wczesniej wczoraj
        wersji wiec witajcie witam wlacza wszyscy wszystkie wszystko wycena wycene wydaje wylacza wymiana wymiane
        wysylam za zaden zadnych zalacza zalaczam zalaczniku zalogowac zaloguj zapytanie zawiesza ze zeby zepsul zepsulo
        zepsuta zepsuty zeszlego zgadza zglaszam zgloszenia zgloszenie zgoda zmiana zmianie znow znowu
    """)
)
_ENGLISH = frozenset(
    _WORD.findall("""
        able about above access address advise after again already also always am an and another answer any anybody
        anymore anyone anything app appreciated approved are around as asap ask at attached available away back be
        because been before being below best better blinking both bought broken but buy cable call called came can
        cannot change changed check checked close closed come coming configure confirmed connect connected connecting
        connection connectivity contract correct could couldn crashed critical customer customers day days dead dear
        detected device devices did didn different disconnected disconnecting does doesn doing don done down dropped
        dropping drops due during each either else end escalate even ever every everybody everyone everything expect
        expected expired failed failing fails failure faulty few fine firmware first fixed flashing for found friday
        from get gets getting give given gives goes going gone good got great guys had half handling happen happened
        happening happens hardware has hasn have haven having hello help her here hey hi him his hour hours how however
        hurry idea if immediately in information inside into is isn issue issues it its just keep keeps know last later
        least let license like ll locked long longer look looking looks lost made make makes many maybe message might
        minute minutes missing mistake monday month more morning much must need needed needs neither network never new
        next night nobody none nope nothing now number of off office often old once only other our ours out outside over
        own people perfect person please pls plz possible price progress question questions quick quickly quite rather
        reach ready really received red regarding regards reminder renewal replace replaced replacement reply request
        resolved respond responding response ring running said same saturday say says screen screenshot second see seem
        seems seen send sending sent serial several should show showing shows since sincerely slow slowly solved some
        somebody someone something soon sorry sounds started starting still stopped stops such sunday support sure take
        takes tell than thank thanks that the their them then there these they thing things think this those though
        through thursday thx till times today together told tomorrow too took tried trouble try trying tuesday turn
        turned two unable unavailable under unreachable until up updated upgraded urgent us use used users using very
        visit waiting want wasn way wednesday week weeks well went were weren what when where whether which while who
        whole whom whose why will wish with within without won work worked working works worse would wouldn wrong year
        yes yesterday yet you your yours
    """)
)
_POLISH_CLUSTERS = re.compile(
    r"cz|sz|rz|dz|szcz|prz|(?:nie|cie|ych|ego|emu|ami|ach|imy|amy|emy|uje|uja|owa|owy|owe|ony|ana|ane|any|osc|osci|iec"
    r"|alem|alam|aja|enie|enia|ala|alo|ilo)$"
)
_ENGLISH_CLUSTERS = re.compile(r"th|wh|gh|ck|oo|ou|(?:ing|ed|tion|ly|ness|ment|able|ful|ies|ight|ers)$")
_ENGLISH_ENDINGS = re.compile(r"(?:ing|ed|tion|ness|ment)$")
# What Polish people write about firewalls, too.
_OF_BOTH = frozenset(
    _WORD.findall("""
        account auth authentication backup bandwidth block bluetooth book boot booting broadcasting check chromebook
        cloud connection deployment download embedded ethernet facebook feed firewall google group groups health hook
        hotspot leasing link links lock login macbook mail management marketing meeting monitoring notebook outlook
        packet parking patch path policies policy provisioning proxy rack reboot restart roaming root roots route router
        routing setting settings smooth stack streaming switch switching team teams throughput ticket timeout tooling
        track tracking traffic training tunnel update upgrade wan youtube zoom
    """)
)
_CITED = re.compile(r"[\"„“”][^\"„“”\n]{3,200}[\"„“”]")  # what a screen says


@dataclass(slots=True)
class _Evidence:
    """Different words of each language, by how much they say."""

    polish: dict[str, int] = field(default_factory=dict)
    english: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.polish or self.english)

    def language(self) -> Language:
        english, polish = sum(self.english.values()), sum(self.polish.values())
        return Language.EN if english > _POLISH_COUNTS * polish else Language.PL


def detect_language(text: str) -> Language:
    """Tell Polish from English.

    Args:
        text: The new words of a mail, quotations cut; a subject may stand in its first line.

    Returns:
        The language of the text between greeting and closing, or of these where there is nothing else: Polish people
        greet in English, and foreigners in Poland sign in Polish. Polish unless English clearly outweighs it;
        capitalised words with Polish letters do not count, they may be names and addresses.
    """
    body, courtesies = _weigh_lines(text)
    return (body or courtesies).language()


def tells_language(text: str) -> bool:
    """Whether any word says which language this is; names, numbers and acronyms ("1. John Smith, 2. DHCP") do not."""
    return any(_weigh_lines(text))


def language_of_mail(subject: str, words: str) -> Language:
    """Tell Polish from English by a mail's subject and new words; an answer's subject may be somebody else's."""
    own, _ = _weigh_lines(words)
    if own and is_answering(subject):
        return own.language()
    return detect_language(f"{subject}\n{words}")


def _weigh_lines(text: str) -> tuple[_Evidence, _Evidence]:
    """The evidence between greeting and closing, and that of these."""
    text = text[:_LOOKED_AT]
    shouted = text == text.upper()
    body, courtesies = _Evidence(), _Evidence()
    closed = False
    for line in text.split("\n"):
        closed = closed or (bool(body) and CLOSING.match(line) is not None)
        greeting = GREETING.match(line)
        if greeting:
            _weigh(greeting[0], courtesies, shouted=shouted)
        own = _CITED.sub(" ", line[greeting.end() :] if greeting else line)
        known = _weigh(own, courtesies if closed else body, shouted=shouted)
        if not closed and known >= _POLISH_SENTENCE:
            return _Evidence(polish=body.polish), courtesies
    return body, courtesies


def _weigh(line: str, evidence: _Evidence, *, shouted: bool) -> int:
    """Add a line's words to the evidence; returns how many different Polish words are certain in it."""
    certain = set()
    for match in _WORD.finditer(line):
        word = match[0]
        if not shouted and word.isupper() and len(word) <= _LONGEST_ACRONYM:
            continue  # NAS, IT, NIC, US
        lower = word.lower()
        plain = lower.translate(_WITHOUT_POLISH_LETTERS)
        if plain in _POLISH or (not word.isascii() and (shouted or word[0].islower()) and _has_polish_letter(lower)):
            evidence.polish[plain] = _KNOWN
            certain.add(plain)
        elif lower in _ENGLISH:
            evidence.english[lower] = _KNOWN
        elif lower == "no":  # "No power"; a Polish "no" is followed by Polish words
            evidence.english[lower] = _GUESSED
        elif len(word) > 3 and lower not in _OF_BOTH:
            _guess(lower, evidence, may_be_name=not shouted and word[0].isupper())
    return len(certain)


def _guess(word: str, evidence: _Evidence, *, may_be_name: bool) -> None:
    """Letters that stand together in one language only."""
    if not may_be_name and _POLISH_CLUSTERS.search(word):
        evidence.polish[word.translate(_WITHOUT_POLISH_LETTERS)] = _GUESSED
    elif (_ENGLISH_ENDINGS if may_be_name else _ENGLISH_CLUSTERS).search(word):
        evidence.english[word] = _GUESSED


def _has_polish_letter(word: str) -> bool:
    return not _POLISH_LETTERS.isdisjoint(word)
