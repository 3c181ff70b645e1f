"""Signatures and what programs and companies append below a mail: phones' lines, disclaimers, virus scanners' notes.

Only what proves itself is set apart: a signature behind "-- " (RFC 3676 §4.3), and footers whose words nobody writes
by hand. "Pozdrawiam" with a name stays, and so does a signature that speaks of a serial number or a contract.
"""

from __future__ import annotations

import re

from bot.rules.reply_heads import SEPARATOR, says_something

_LONGEST_SIGNATURE = 15
_LONGEST_LINE = 200
_DELIMITERS_TRIED = 50
_TAIL = 150
_MOST_FOOTERS = 12

CLOSING = re.compile(
    r"\s*(?:z (?:poważaniem|powazaniem|wyrazami szacunku)|pozdrawiam\w*|pozdrowienia|pozdr\b"
    r"|łączę (?:pozdrowienia|wyrazy)|serdecznie pozdrawiam|z góry dziękuję"
    r"|(?:best|kind|warm|many)? ?regards|best wishes|sincerely|yours|cheers|br\b"
    r"|-- ?$)",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"\s*(?:dzień dobry|dzien dobry|witam|witajcie|cześć|czesc|hej|szanowni państwo|szanowni panstwo|hello|hi|dear|hey"
    r"|good (?:morning|afternoon|evening))\b(?:[^\n,.!?\d]{0,40}$|[^\w\n]*)",
    re.IGNORECASE,
)

_EXACT_DELIMITER = re.compile(r"--[ \xa0]\r?$")
_DELIMITER = re.compile(r"--\s{0,3}$")
_POSTSCRIPT = re.compile(r"p\.?\s?s\.?[\s:.,-]", re.IGNORECASE)
_MATTERS = re.compile(
    r"umow|seryjn|serial|contract|\bs/?n\b|priorytet|priority|krytycz|critical|zgłosz|ticket|\?", re.IGNORECASE
)
_LINK = re.compile(r"[<\[(]?(?:https?://|mailto:|www\.)[^\s<>\])]{0,300}[>\])]?|<#[0-9A-F-]{8,40}[^>]{0,20}>")

_DEVICE = (
    r"(?:iphone|ipad|ipod|apple watch|samsung|galaxy|huawei|honor|xiaomi|redmi|poco\b|motorola|oneplus|oppo|realme"
    r"|nokia|sony|pixel|blackberry|android|ios\b|outlook|gmail|poczt|\bmail\b|e-?mail|protonmail|proton|tutanota|tuta|spark"
    r"|yahoo|aol\b|thunderbird|k-9|bluemail|aquamail|fairemail|em client|edison|onet|interi|wp\b|o2\b|gazeta)"
)
_OWN_DEVICE = (
    r"(?:telefonu|smartfonu|smartfona|tabletu|komórki|urządzenia mobilnego|urządzenia|phone|mobile(?: phone| device)?"
    r"|smartphone|tablet|handheld)"
)
_MOBILE = re.compile(
    rf"(?:[\s_*>-]{{0,4}})(?:(?:wysłan[eoay]|wyslan[eoay]|sent|written|napisane|get|pobierz|uzyskaj|надіслано|gesendet"
    rf"|envoyé)\b.{{0,60}}?{_DEVICE}.{{0,60}}"
    rf"|(?:wysłan[eoay]|wyslan[eoay]|sent) (?:z|ze|from|with|by|via) (?:mojego |mojej |my |a )?{_OWN_DEVICE}"
    r"(?:[.,;-].{0,80})?)$",
    re.IGNORECASE,
)
_BEGINS_MOBILE = re.compile(
    r"[\s_*>-]{0,4}(?:(?:wys[łl]an[eoay]|napisane) (?:z|ze|za pomocą|przy użyciu|przez|w)\b|(?:sent|written) "
    r"(?:from|with|using|via|by|through|on)\b|get (?:outlook|bluemail|gmail|yahoo|aquamail|typeapp|spark)"
    r"|(?:pobierz|uzyskaj) (?:aplikację |program )?(?:outlook|bluemail|gmail)|надіслано|gesendet|envoyé)",
    re.IGNORECASE,
)
_SCANNERS = re.compile(
    r"(?:wolne od wirusów|virus-free|bez wirusów\b.{0,20}avast"
    r"|(?:ta|niniejsza) wiadomość(?: e-?mail)? została sprawdzona (?:pod kątem|na obecność)"
    r"|this (?:e-?mail|message) has been (?:checked|scanned) (?:for|by)"
    r"|_{5,} (?:informacja|information) (?:programu|from) eset)",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(
    r"(?:zanim wydrukujesz|pomyśl o środowisku|chroń(?:my)? środowisko|czy naprawdę musisz (?:to )?(?:wy)?drukować"
    r"|please (?:consider|think of|think about) the environment|(?:think|consider) before (?:you print|printing)"
    r"|save (?:a tree|paper))",
    re.IGNORECASE,
)
_DISCLAIMER_BEGINS = re.compile(
    r"(?:klauzula\b|zastrzeżenie\b|nota prawna|disclaimer\b|confidentiality\b|legal notice|legal disclaimer"
    r"|important notice"
    r"|(?:uwaga|poufne|confidential|tajemnica przedsiębiorstwa)[\s:!.,-]{1,4}"
    r"|(?:ta|tą|niniejsz[aąey]j?|treść|powyższa|zawartość)\b.{0,60}(?:wiadomoś|e-?mail|korespondencj|przesyłk|informacj)"
    r"|wiadomość (?:ta|niniejsza|e-mail|jest|zawiera|może)\b|informacj[ae] zawart[ae]"
    r"|jeżeli nie (?:są|jest|jesteś)|jeśli nie (?:są|jest|jesteś)|w przypadku (?:otrzymania|gdy nie)"
    r"|administratorem\b|informujemy,? że administratorem|zgodnie z (?:art|rodo|rozporządzeniem)"
    r"|(?:more|więcej) (?:information|informacji) (?:about|on|o|na temat) .{0,60}(?:danych osobowych|personal data)"
    r"|this (?:e-?mail|message|communication|transmission|electronic)"
    r"|the (?:information|content|contents) (?:contained )?(?:in|of) this"
    r"|if you (?:are not|have received|received)|any (?:unauthori[sz]ed|views|opinions)"
    r"|e-?mail (?:confidentiality|disclaimer)|please note that this (?:e-?mail|message))",
    re.IGNORECASE,
)
_DISCLAIMER_PROVES = re.compile(
    r"poufn|tajemnic|wyłącznie (?:dla|do)|adresat|chronion|rozpowszechni|nieuprawnion|danych osobowych|omyłkow|zniszcz"
    r"|confidential|privileged|intended (?:solely|only|recipient|for)|solely for|recipient|unauthori[sz]ed|disclos"
    r"|personal data|in error",
    re.IGNORECASE,
)
_REGISTER = re.compile(
    r"\b(?:KRS|NIP|REGON|BDO)\b|sąd rejonowy|kapitał zakładowy|rejestr\w* przedsiębiorców", re.IGNORECASE
)


def is_footer_line(line: str) -> bool:
    """Whether a program put this line below a mail ("Wysłane z iPhone'a"); `line` as `as_seen` gives it."""
    if len(line) > _LONGEST_LINE:
        return False
    text = _LINK.sub(" ", line).strip()
    if not text:
        return False
    return (_BEGINS_MOBILE.match(text) is not None and _MOBILE.match(text) is not None) or bool(
        _SCANNERS.match(text) or _ENVIRONMENT.match(text)
    )


def cut_signatures(lines: list[str], seen: list[str], kept: list[bool], end: int) -> None:
    """Set footers and a signature apart.

    Args:
        lines: The body's lines as written.
        seen: The first of them as `as_seen` gives them; what is beyond is left as it is.
        kept: Which lines are the sender's own; lines set apart become False.
        end: Where forwarded content begins, which is never touched.
    """
    end = min(end, len(seen))
    _cut_footers(seen, kept, end)
    _cut_behind_delimiter(lines, seen, kept, end)


def _cut_footers(seen: list[str], kept: list[bool], end: int) -> None:
    """From the end upwards, as long as paragraph after paragraph is a footer and words remain above."""
    position = end
    footers: list[int] = []
    for _ in range(_MOST_FOOTERS):
        paragraph = _last_paragraph(seen, kept, position, end - _TAIL)
        if not paragraph:
            break
        found = _footer_of(seen, paragraph, footers_below=bool(footers))
        if not found:
            break
        footers.extend(found)
        position = found[0]
    words_stay = footers and any(
        kept[index] and says_something(seen[index]) for index in range(min(footers) - 1, -1, -1)
    )
    if words_stay:
        for index in footers:
            kept[index] = False


def _last_paragraph(seen: list[str], kept: list[bool], before: int, first: int) -> list[int]:
    """The lines of the last paragraph of the sender's own above a line."""
    paragraph: list[int] = []
    for index in range(before - 1, max(first, 0) - 1, -1):
        if kept[index] and seen[index].strip():
            paragraph.append(index)
        elif paragraph:
            break
    return paragraph[::-1]


def _footer_of(seen: list[str], paragraph: list[int], *, footers_below: bool) -> list[int]:
    """Which lines of a paragraph are a footer: all of them, or the last."""
    texts = [seen[index].strip() for index in paragraph]
    if footers_below and all(SEPARATOR.match(text) or _DELIMITER.match(text) for text in texts):
        return paragraph
    if _is_disclaimer(texts):
        return paragraph
    if is_footer_line(texts[-1]) or (not _LINK.sub("", texts[-1]).strip() and footers_below):
        return paragraph[-1:]
    if len(texts) > 1 and is_footer_line(texts[-2]) and not _LINK.sub("", texts[-1]).strip():
        return paragraph[-2:]
    if footers_below and (SEPARATOR.match(texts[-1]) or _DELIMITER.match(texts[-1])):
        return paragraph[-1:]
    return []


def _is_disclaimer(texts: list[str]) -> bool:
    text = " ".join(texts)[:3_000].lstrip(" *_#-=–—\"'„”“[(")
    if _DISCLAIMER_BEGINS.match(text) and _DISCLAIMER_PROVES.search(text):
        return not _MATTERS.search(text[:200])
    return _REGISTER.search(texts[0]) is not None and len({m.lower() for m in _REGISTER.findall(text)}) >= 2


def _cut_behind_delimiter(lines: list[str], seen: list[str], kept: list[bool], end: int) -> None:
    delimiters = [i for i in range(end) if kept[i] and seen[i][:2] == "--" and _DELIMITER.match(seen[i])]
    exact = [i for i in delimiters if _EXACT_DELIMITER.match(lines[i])]
    if not exact and len(delimiters) > 1:
        return  # a rule that parts paragraphs, not a signature
    for start in (exact or delimiters)[:_DELIMITERS_TRIED]:  # Gmail puts one above the quotation, and one below
        if not kept[start] or not any(kept[i] and seen[i].strip() for i in range(start - 1, -1, -1)):
            continue
        stop = _end_of_signature(seen, kept, start, end)
        if stop and (exact or _looks_like_signature(seen, start, stop)):
            kept[start:stop] = [False] * (stop - start)


def _end_of_signature(seen: list[str], kept: list[bool], start: int, end: int) -> int:
    """Where the signature ends that begins at `start`; 0 where it is none: too long, or it says what matters."""
    length = 0
    for index in range(start + 1, end):
        text = seen[index].strip()
        if not kept[index] or _POSTSCRIPT.match(text):
            return index
        length += bool(text)
        if length > _LONGEST_SIGNATURE or _MATTERS.search(text[:_LONGEST_LINE]):
            return 0
    return end


def _looks_like_signature(seen: list[str], start: int, stop: int) -> bool:
    """Behind "--" without its space, which may also part two paragraphs: short lines, the first no sentence."""
    texts = [text for text in (seen[index].strip() for index in range(start + 1, stop)) if text]
    return bool(texts) and len(texts[0]) <= 60 and texts[0][-1] not in ".!?:;" and max(map(len, texts)) <= 120
