"""Numbers that everybody in Poland carries in a signature and that are neither serials nor contract numbers."""

from __future__ import annotations

_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)


def is_nip(digits: str) -> bool:
    """Whether ten digits are a tax number: the last one is the weighted sum of the others, modulo 11."""
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        return False
    check = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11
    return check == int(digits[9])
