"""The key file of a Google service account: what it has to hold, and what of it is used."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.config_values import NotAllowed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LEAST_BITS = 2048  # RFC 7518 §3.3


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An account of a program's own, and its key.

    Attributes:
        address: Its e-mail address, the issuer of what it signs.
        client_id: Its number, by which an administrator lets it in; "" where the file has none.
        key_id: Which of its keys this is; "" where the file does not say.
        key: The key itself.
    """

    address: str
    client_id: str
    key_id: str
    key: RSAPrivateKey = field(repr=False)


def service_account(text: str) -> ServiceAccount:
    """Read a key file (JSON, as Google's console hands it out).

    Raises:
        NotAllowed: It is none; nothing of it is quoted.
    """
    # Only who uses such a key loads the library.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise NotAllowed("is no key file: give the JSON file that the console made, as it is", rule=True)
    if held.get("type", "service_account") != "service_account":
        raise NotAllowed('is a key file of another kind: its "type" has to be "service_account"', rule=True)
    for name in ("client_email", "private_key"):
        if not isinstance(held.get(name), str) or not held[name]:
            raise NotAllowed(f'is no whole key file: "{name}" is missing; make a new key', rule=True)
    try:
        key = load_pem_private_key(held["private_key"].encode(), password=None)
    except (ValueError, TypeError):  # UnsupportedAlgorithm cannot be raised for what Google makes
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise NotAllowed('has a "private_key" that is damaged or no RSA key of 2048 bits; make a new key', rule=True)
    return ServiceAccount(
        held["client_email"], str(held.get("client_id") or ""), str(held.get("private_key_id") or ""), key
    )


def parts_of_a_key(text: str) -> frozenset[str]:
    """What of a key file nobody may read: the key, whole and line by line, as a library might show it."""
    try:
        held = json.loads(text)
    except ValueError:
        return frozenset()
    key = held.get("private_key") if isinstance(held, dict) else None
    if not isinstance(key, str):
        return frozenset()
    return frozenset({key, *(line for line in key.split("\n") if len(line) >= 16 and not line.startswith("-----"))})
