"""The daily message about contracts and services, its buttons, and the form that offers a service to a customer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.commands import SlackCommand, SlackPerson
from bot.edges.slack_fields import choice, typed
from bot.edges.slack_ids import REPLY_LIMIT, SERVICE_OFFER, VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, fallback, line, one_line, person, plain, quote, rich, text
from bot.entitlement_commands import DismissNotice, OfferService
from bot.entitlements import DeviceStanding, NoticeDecision, NoticeKind, ServiceNotice
from bot.model import Contract, Language
from bot.rules.mail_writing import can_be_mailed
from bot.rules.notes import is_note
from bot.rules.service_offers import offer_text
from bot.rules.service_round import entitlement_of
from bot.rules.wording import Words, format_day
from bot.rules.wording import words as customer_words

DISMISS = "service_dismiss"
ADDRESS_BLOCK, OTHER_BLOCK, WORDS_BLOCK = "service_address", "service_other", "service_words"
MAX_SERIALS = 4
MAX_CUSTOMER = 60
MAX_ADDRESSES = 50

_ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """A notice with its contract, and the number of the ticket in which the service was offered."""

    notice: ServiceNotice
    contract: Contract
    number: str | None = None


def digest(shown: Sequence[NoticeShown], day: date, more: int, words: Words) -> tuple[str, Blocks]:
    """The message of a day: what ends in lines, each proposal with its buttons until somebody has decided.

    Args:
        more: How many more notices wait for the next days.
    """
    title = line(*rich(words, "service.title", "bold", day=format_day(day, words.language)))
    ends = [line(*_ends(one, day, words)) for one in shown if one.notice.kind is NoticeKind.ENDS]
    blocks = [block([title, *ends])]
    for one in shown:
        if one.notice.kind is not NoticeKind.ENDS:
            blocks.append(block(_unused(one, words)))
            if one.notice.decision is None:
                blocks.append({"type": "actions", "elements": _buttons(one.notice, words)})
    if more > 0:
        blocks.append(block([line(text(words("service.more", count=more), "italic"))]))
    return fallback(blocks), blocks


def _ends(one: NoticeShown, day: date, words: Words) -> list[Json]:
    left = (one.notice.due_on - day).days
    said = {**_of_contract(one), "day": format_day(one.notice.due_on, words.language)}
    return rich(words, "service.ends", count=left, **said) if left > 0 else rich(words, "service.ends_today", **said)


def _unused(one: NoticeShown, words: Words) -> list[Json]:
    notice = one.notice
    day = format_day(notice.due_on, words.language)
    serials = ", ".join(notice.serials[:MAX_SERIALS])
    if len(notice.serials) > MAX_SERIALS:
        serials += f", {words('and_more', count=len(notice.serials) - MAX_SERIALS)}"
    lines = [
        line(*rich(words, f"service.unused_{notice.kind}", "bold", **_of_contract(one), day=day)),
        line(*rich(words, "service.devices", serials=text(serials))),
    ]
    by = person(notice.decided_by or "")
    if notice.decision is NoticeDecision.OFFERED:
        lines.append(line(*rich(words, "service.offered", by=by, number=one.number or "–")))
    elif notice.decision is NoticeDecision.DISMISSED:
        lines.append(line(*rich(words, "service.dismissed", by=by)))
    return lines


def _of_contract(one: NoticeShown) -> dict[str, str]:
    return {"contract": one.contract.number, "customer": one_line(one.contract.customer, MAX_CUSTOMER)}


def _buttons(notice: ServiceNotice, words: Words) -> list[Json]:
    names = ((SERVICE_OFFER, "offer"), (DISMISS, "dismiss"))
    return [
        {
            "type": "button",
            "action_id": action_id,
            "text": plain(words(f"service_button.{name}"), 75),
            "value": str(notice.id),
        }
        for action_id, name in names
    ]


def offer_form(
    notice: ServiceNotice,
    contract: Contract,
    devices: Sequence[DeviceStanding],
    words: Words,
    place: ModalPlace,
) -> Json:
    """Offering a service: to whom, words of one's own, and the mail as the customer gets it."""
    addresses = [each for each in contract.authorised if not each.startswith("@")][:MAX_ADDRESSES]
    options = [{"text": plain(each, 75), "value": each} for each in addresses if len(each) <= 75]
    about = rich(words, "service_modal.about", "bold", contract=contract.number, customer=one_line(contract.customer))
    mail = offer_text(
        customer_words("customer", contract.language or Language.PL),
        entitlement_of(notice.kind),
        contract,
        [device for device in devices if device.serial in notice.serials],
        words("modal.words_here"),
    )
    blocks: Blocks = [block([line(*about)])]
    if options:
        select: Json = {"type": "static_select", "action_id": VALUE, "options": options, "initial_option": options[0]}
        blocks.append({**_input(ADDRESS_BLOCK, "address", select, words), "optional": True})
    other = _input(OTHER_BLOCK, "other_address", {"type": "email_text_input", "action_id": VALUE}, words)
    own: Json = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}
    blocks += [
        {**other, "optional": True, "hint": plain(words("service_modal.other_address_hint"), 2000)},
        {**_input(WORDS_BLOCK, "words", own, words), "optional": True},
        block([line(text(words("service_modal.preview"), "bold")), quote(mail)]),
    ]
    return {
        "type": "modal",
        "callback_id": SERVICE_OFFER,
        "title": plain(words("service_modal.title"), 24),
        "submit": plain(words("service_modal.submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    said = plain(words(f"service_modal.{label}"), 2000)
    return {"type": "input", "block_id": block_id, "label": said, "element": element}


def offer_problems(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with the submitted form: block_id -> a sentence "modal_problem.*". Never raises."""
    problems: dict[str, str] = {}
    other = typed(view, OTHER_BLOCK).strip()
    if other and not can_be_mailed(other):
        problems[OTHER_BLOCK] = "no_address"
    elif not other and not can_be_mailed(choice(view, ADDRESS_BLOCK)):
        problems[OTHER_BLOCK] = "no_recipient"
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        problems[WORDS_BLOCK] = "too_long"
    elif is_note(words):
        problems[WORDS_BLOCK] = "looks_like_note"
    return problems


def offered(view: Mapping[str, object], notice_id: int, by: SlackPerson) -> SlackCommand:
    """The command of the form, in which `offer_problems` found none; a typed address stands before a chosen one."""
    address = typed(view, OTHER_BLOCK).strip() or choice(view, ADDRESS_BLOCK)
    return OfferService(by, notice_id, address, typed(view, WORDS_BLOCK).strip())


def dismissed(value: object, by: SlackPerson) -> SlackCommand:
    """The command of the button that leaves a proposal.

    Raises:
        ValueError: its value is none of ours.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("no proposal")
    return DismissNotice(by, int(value))
