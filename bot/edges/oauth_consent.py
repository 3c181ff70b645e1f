"""A person allows the program to use a mailbox, once, in their browser (RFC 6749 §4.1, RFC 8252, with PKCE, RFC 7636).

Nothing listens for the browser's return: it ends at an address of the person's own machine that shows no page, and the
person copies that address. So the browser may run anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, urlencode, urlsplit

from bot.config_oauth import OAuthConfig
from bot.edges.oauth_tokens import ask_for_token
from bot.errors import OperatorError

REDIRECT_URI = "http://localhost"
"""To be entered with the application at the provider; any program may have it (RFC 8252 §7.3)."""


def consent_url(config: OAuthConfig, state: str, verifier: str, mailbox: str) -> str:
    """The address that the person opens.

    Args:
        state: An unguessable text that has to come back (RFC 6749 §10.12).
        verifier: An unguessable text of 43 to 128 characters that proves that we asked.
        mailbox: The mailbox that the person logs in as, proposed to them.

    Raises:
        OperatorError: The provider's address is not known, or the application itself gets tokens.
    """
    if config.grant != "refresh_token":
        raise OperatorError(f'{config.called}: grant = "{config.grant}" needs nobody\'s consent in a browser')
    if config.authorize_address is None:
        raise OperatorError(f"{config.called}: set authorize_url to where a person allows the access")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": config.client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": mailbox,
    } | ({"scope": config.scopes} if config.scopes else {})
    if config.provider == "google":  # only so it gives a refresh token, and a new one each time
        query |= {"access_type": "offline", "prompt": "consent"}
    separator = "&" if urlsplit(config.authorize_address).query else "?"
    return config.authorize_address + separator + urlencode(query)


def code_of(returned: str, config: OAuthConfig, state: str) -> str:
    """The code in the address at which the browser ended.

    Raises:
        OperatorError: The person or the provider refused, or it is another request's address.
    """
    answer = {key: values[0] for key, values in parse_qs(urlsplit(returned.strip()).query).items()}
    if error := answer.get("error"):
        description = " ".join(answer.get("error_description", "").split())[:200]
        raise OperatorError(f"{config.called}: it was not allowed: {error}{f' ({description})' if description else ''}")
    if "code" not in answer:
        raise OperatorError(f"{config.called}: that address holds no code; copy all of it, from http:// on")
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise OperatorError(
            f"{config.called}: that address answers another request; open the new address and try again"
        )
    return answer["code"]


async def redeem(config: OAuthConfig, code: str, verifier: str) -> str:
    """The refresh token for a code.

    Raises:
        OperatorError: The endpoint refuses, or gives no refresh token.
        RetryLater: It cannot be reached.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }
    answer = await ask_for_token(config, form, code, verifier)
    token = answer.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise OperatorError(f"{config.called}: no refresh token was given; the scope has to ask for one (docs/mail.md)")
    return token
