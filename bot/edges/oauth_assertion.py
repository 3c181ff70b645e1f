"""A service account's proof of who it is: a signed JWT that is exchanged for an access token (RFC 7523, RFC 7519).

Google's part: the scope stands in the assertion, and "sub" names the mailbox in whose name the account asks, which an
administrator of the domain has to have allowed (domain-wide delegation).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.config_service_account import ServiceAccount

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = timedelta(hours=1)
"""The longest that Google allows."""
_BACK = timedelta(seconds=30)
"""So that a clock which is a little ahead of the endpoint's signs nothing from the future."""


def assertion(account: ServiceAccount, mailbox: str, scope: str | None, audience: str, now: datetime) -> str:
    """Sign that the account asks for a mailbox.

    Args:
        mailbox: In whose name it asks, "" for its own.
        scope: What for; None leaves it to the server.
        audience: The address of the token endpoint.
        now: From when on it is good, for an hour.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    begins = int((now - _BACK).timestamp())
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.key_id} if account.key_id else {})
    claims = {"iss": account.address, "aud": audience, "iat": begins, "exp": begins + int(LIFE.total_seconds())}
    claims |= ({"scope": scope} if scope else {}) | ({"sub": mailbox} if mailbox else {})
    signed = f"{_encoded(_json(header))}.{_encoded(_json(claims))}"
    return f"{signed}.{_encoded(account.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(octets: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
