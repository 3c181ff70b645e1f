"""Numbers that look like contract numbers and are none: found, so that they can be blanked out.

Source: HEZO's list of what is mistaken for a contract number: tax numbers (NIP), telephone numbers, licence codes in
5-5-5-5-6 groups, article numbers (SKU), order and invoice numbers, serial numbers.
"""

from __future__ import annotations

import re

from bot.rules.folding import bare_letters
from bot.rules.polish_numbers import is_nip
from bot.rules.serial_numbers import serial_spans

BLANK = "\x1f"
"""What stands for a ruled-out character: no letter and no space, so nothing joins across it."""

_BY_SHAPE = re.compile(
    r"(?<![\w-])(?:"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUID
    r"|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}"  # MAC address
    r"|[0-9a-z]{5}(?:-[0-9a-z]{5}){3}-[0-9a-z]{5,6}"  # licence code
    r"|FC[0-9]?-[0-9]{2}-[0-9a-z]{4,6}-[0-9]{3}(?:-[0-9]{2}){1,2}"  # article number of a service
    r"|F[a-z]{1,3}(?:-[0-9a-z]{1,8}){1,4}-BDL-[0-9]{3}-[0-9]{2}"  # article number of a bundle
    r")(?![\w-])",
    re.IGNORECASE,
)
_TAX_OR_TELEPHONE = re.compile(
    r"(?<!\w)PL[ -]?[0-9](?:[ -]?[0-9]){9}(?![\w-])|(?:\+|(?<!\w)00)[1-9](?:[ ()-]{0,2}[0-9]){8,13}(?!\w)"
)
_NIP_IN_GROUPS = re.compile(
    r"(?<![\w-])[0-9]{3}-(?:[0-9]{3}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}-[0-9]{3})(?![\w-])",
)
_BY_LABEL = re.compile(
    r"(?<!\w)(?:nip|vat|regon|krs|pesel|tel|telefon\w{0,3}|phone|fax|faks|kom|mobile|gsm|faktur\w{0,3}|fv|invoice"
    r"|zamowieni\w{0,3}|order|po(?=[ \t]{0,2}(?:nr|number|no|#))|rachun\w{0,4}|konto|iban|licencj\w{0,3}|licen[cs]e)"
    r"(?:[ \t]{0,2}(?:eu|vat|nr|numer\w{0,3}|number|no|kom|kontaktow\w{0,3}|key|kod|code)(?!\w)|[ \t.:#=/]){0,6}"
    r"([+(]?[a-z]{0,4}[/-]?[0-9][0-9a-z./()-]{0,39}(?:[ ][0-9()/-]{1,9}(?![0-9a-z])){0,7})"
)


def without_shapes(text: str) -> str:
    """A readable text, of the same length, without what its shape alone gives away, whatever is written before it."""
    spans = [match.span() for match in _BY_SHAPE.finditer(text)]
    return _blank_out(text, [*spans, *serial_spans(text)])


def without_labelled(text: str) -> str:
    """A readable text, of the same length, without tax, telephone, order, invoice and licence numbers."""
    spans = [match.span(1) for match in _BY_LABEL.finditer(bare_letters(text))]
    spans += [match.span() for match in _TAX_OR_TELEPHONE.finditer(text)]
    spans += [match.span() for match in _NIP_IN_GROUPS.finditer(text) if is_nip(match[0].replace("-", ""))]
    return _blank_out(text, spans)


def _blank_out(text: str, spans: list[tuple[int, int]]) -> str:
    pieces = []
    done = 0
    for start, end in sorted(spans):
        if end > done:
            pieces += [text[done : max(start, done)], BLANK * (end - max(start, done))]
            done = end
    return "".join([*pieces, text[done:]])
