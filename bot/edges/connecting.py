"""What reaching an IMAP and an SMTP server have in common: verified TLS, and faults sorted by who can mend them."""

from __future__ import annotations

import re
import ssl

from bot.config_mail import ServerConfig
from bot.errors import HezoError, OperatorError, RetryLater

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")
_LONGEST_QUOTE = 200
_IF_NEVER = "; it is tried again, if it never answered check host, port and firewall"

# What OpenSSL says of a certificate (x509_vfy.h, X509_V_ERR_...).
_NOT_ITS_NAME = "set host to a name that stands in the certificate"
_BY_VERDICT = {
    9: "this machine's clock is behind (timedatectl set-ntp true), or the server's certificate is not to be used yet",
    10: "whoever runs the server has to renew it, unless this machine's clock is ahead (timedatectl set-ntp true)",
    62: _NOT_ITS_NAME,
    64: _NOT_ITS_NAME,
}


def tls_context(config: ServerConfig) -> ssl.SSLContext:
    """TLS 1.2 or newer that verifies the certificate and the host name (RFC 8314 §5.3).

    Args:
        config: `ca_file` replaces the machine's own list of authorities.

    Raises:
        OperatorError: `ca_file` cannot be read.
    """
    try:
        return ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=config.ca_file)
    except OSError as error:
        unread = isinstance(error, ssl.SSLError) or not error.strerror
        reason = "it holds no certificate in PEM form" if unread else error.strerror
        raise OperatorError(f"ca_file {config.ca_file} cannot be used: {reason}") from None


def connect_error(error: OSError, server: str) -> HezoError:
    """Sort what connecting raised.

    Args:
        error: From `create_connection`, `start_tls` or a time limit.
        server: How the operator knows the server.

    Returns:
        OperatorError where the configuration is to be mended, RetryLater where the fault may pass by itself.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _BY_VERDICT.get(error.verify_code, "set ca_file to the authority that signed it")
        return OperatorError(f"{server}: its certificate is not trusted ({error.verify_message}); {advice}")
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL"}:
        return OperatorError(f"{server}: it speaks no TLS on this port; check port and security (tls or starttls)")
    if isinstance(error, TimeoutError):
        return RetryLater(f"{server}: no answer in time{_IF_NEVER}")
    reason = error.strerror or str(error) or type(error).__name__
    return RetryLater(f"{server}: cannot be reached ({reason}){_IF_NEVER}")


def quoted_reply(reply: bytes | str, *secrets: str) -> str:
    """A server's words fit for a message to people: printable, short, free of the given secrets."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return _UNPRINTABLE.sub(" ", text).strip()[:_LONGEST_QUOTE] or "no reason given"
