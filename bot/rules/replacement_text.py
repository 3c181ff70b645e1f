"""What customers read at each step of a replacement, greeting included and signature not; pure, for mails and previews.

The service terms contradict themselves about the way back ("z góry opłacony list przewozowy" and "koszt odesłania jest
po stronie użytkownika"): the prepaid waybill is what the service promises, and what is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import Device
from bot.replacements import Check, Fate, Replacement, ReturnWaybill, Shipment
from bot.rules.calendars import ALWAYS
from bot.rules.clock_terms import Measure
from bot.rules.wording import Words, format_full_date, format_span


@dataclass(frozen=True, slots=True)
class Speaker:
    """How a customer is spoken to about one replacement.

    Attributes:
        words: The customer's sentences.
        number: The ticket's.
        zone: In which times are told.
    """

    words: Words
    number: str
    replacement: Replacement
    zone: ZoneInfo

    def say(self, key: str, **params: object) -> str:
        """The sentence "replacement_<key>"; the damaged device and the ticket are named where it names them."""
        return self.words(
            f"replacement_{key}", **{"number": self.number, "device": self.device(self.replacement.device)} | params
        )

    def device(self, device: Device) -> str:
        """A device as it is named within a sentence."""
        return self.words("replacement_device", model=device.model, serial=device.serial)

    def at(self, instant: datetime) -> str:
        """An instant, nothing shortened."""
        return format_full_date(instant, self.words.language, self.zone)

    def letter(self, *parts: str) -> str:
        """The parts as a letter; empty ones are left out."""
        return "\n\n".join(part.strip() for part in (self.words("greeting"), *parts) if part.strip())

    def notice(self, *parts: str) -> list[str]:
        """The same without greeting, for the bot's own mails (`handlers.customer_mails`)."""
        return [part.strip() for part in parts if part.strip()]


def asking(speaker: Speaker, promised: Measure | None, own_words: str) -> str:
    """The user is asked to confirm the fault.

    Args:
        promised: The delivery time; None where none is promised.
    """
    done = {each.check for each in speaker.replacement.checks}
    checks = ", ".join(speaker.say(f"check_{check}") for check in Check if check in done)
    promise = ""
    if promised is not None:
        key = "ask_promise" if promised.calendar == ALWAYS else "ask_promise_8x5"
        promise = speaker.say(key, span=format_span(promised.budget, speaker.words.language))
    return speaker.letter(speaker.say("ask", checks=checks), own_words, speaker.say("ask_how"), promise)


def confirmed(speaker: Speaker, due: datetime | None) -> list[str]:
    """The user has confirmed in writing: by when the device comes, and what comes next."""
    promise = "" if due is None else speaker.say("confirmed_due", due=speaker.at(due))
    return speaker.notice(speaker.say("confirmed"), promise, speaker.say("confirmed_next"))


def confirmed_on_the_phone(speaker: Speaker, who: str, due: datetime | None) -> str:
    """The same after a call: the customer has in writing what was said."""
    promise = "" if due is None else speaker.say("confirmed_due", due=speaker.at(due))
    return speaker.letter(speaker.say("confirmed_call", who=who), promise, speaker.say("confirmed_next"))


def dispatched(speaker: Speaker, shipment: Shipment, due: datetime | None, now: datetime, own_words: str) -> str:
    """The parcel is on its way."""
    again = any(each.lost_at is not None for each in speaker.replacement.shipments)
    facts = (
        speaker.say("carrier", carrier=shipment.carrier),
        speaker.say("waybill", waybill=shipment.waybill),
        speaker.say("address", address=shipment.address),
        speaker.say("contact", contact=shipment.contact, phone=shipment.phone),
    )
    promise = "" if due is None or due <= now else speaker.say("dispatched_due", due=speaker.at(due))
    return speaker.letter(
        speaker.say("dispatched_again" if again else "dispatched"),
        "\n".join(facts), promise, own_words, speaker.say("dispatched_next"),
    )  # fmt: skip


def lost(speaker: Speaker, shipment: Shipment, due: datetime | None, now: datetime, own_words: str) -> str:
    """The parcel is lost, another one follows."""
    promise = "" if due is None else speaker.say("lost_due" if due > now else "lost_late", due=speaker.at(due))
    said = speaker.say("lost", waybill=shipment.waybill, carrier=shipment.carrier)
    return speaker.letter(said, promise, own_words)


def delivered(speaker: Speaker, contract: str | None, missed: datetime | None, own_words: str) -> str:
    """The device is there.

    Args:
        contract: The number of the contract that covers it from now on.
        missed: The promised date, where it was not kept.
    """
    it = speaker.replacement
    assert it.delivered_at is not None
    assert it.new_device is not None
    key = "delivered_replaces" if it.fate is Fate.REPLACES else "delivered_joins"
    covered = "" if contract is None else speaker.say(key, contract=contract)
    new = speaker.say("delivered_new", device=speaker.device(it.new_device))
    return speaker.letter(
        speaker.say("delivered"),
        f"{speaker.say('delivered_at', at=speaker.at(it.delivered_at))}\n"
        f"{speaker.say('delivered_to', who=it.received_by)}",
        "" if missed is None else speaker.say("delivered_late", due=speaker.at(missed)),
        f"{new} {covered}", own_words, speaker.say("delivered_next"),
    )  # fmt: skip


def waybill_sent(speaker: Speaker, waybill: ReturnWaybill, within: timedelta, due: datetime, own_words: str) -> str:
    """The prepaid waybill for the way back."""
    number = speaker.say("return_number", waybill=waybill.number) if waybill.number else ""
    return speaker.letter(
        speaker.say("return"), number, speaker.say("return_file") if waybill.files else "",
        speaker.say("return_due", span=format_span(within, speaker.words.language), due=speaker.at(due)),
        own_words, speaker.say("return_next"),
    )  # fmt: skip


def return_reminder(speaker: Speaker, due: datetime, now: datetime) -> list[str]:
    """The damaged device is still awaited."""
    today = due.astimezone(speaker.zone).date() == now.astimezone(speaker.zone).date()
    key = "remind_last" if today else "remind" if due > now else "remind_over"
    last = speaker.replacement.waybills[-1]
    sent = speaker.at(last.sent_at)
    waybill = (
        speaker.say("remind_waybill", waybill=last.number, at=sent)
        if last.number
        else speaker.say("remind_waybill_file", at=sent)
    )
    return speaker.notice(speaker.say(key, due=speaker.at(due)), waybill, speaker.say("remind_next"))


def returned(speaker: Speaker) -> str:
    """The damaged device is here."""
    at = speaker.replacement.returned_at
    assert at is not None
    return speaker.letter(speaker.say("returned", at=speaker.at(at)))


def unfounded(speaker: Speaker, own_words: str) -> str:
    """There is no fault that asks for a replacement."""
    return speaker.letter(speaker.say("unfounded"), own_words, speaker.say("unfounded_next"))


def declined(speaker: Speaker, own_words: str) -> str:
    """The customer wants none."""
    return speaker.letter(speaker.say("declined"), own_words)


def cancelled(speaker: Speaker, own_words: str) -> str:
    """It was given up."""
    return speaker.letter(speaker.say("cancelled"), own_words, speaker.say("cancelled_next"))


def waived(speaker: Speaker, own_words: str) -> str:
    """The damaged device may stay."""
    return speaker.letter(speaker.say("waived"), own_words)
