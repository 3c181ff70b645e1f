"""An engineer's words as the customer reads them; the preview in Slack and the mail are made here."""

from __future__ import annotations

from bot.rules.wording import Words


def signed(text: str, name: str, words: Words, service: str, hotline: str) -> str:
    """The whole text of the mail.

    Args:
        text: The engineer's words.
        name: Their name.
        words: The customer's sentences, in the language of the ticket.
        service: What we are called (`service.name`).
        hotline: Its phone number.
    """
    return f"{text}\n\n{words('engineer_signature', name=name, service=service, hotline=hotline)}"
