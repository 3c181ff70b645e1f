"""An appointment from the offered times to the reminder, with real invitations, over real sockets."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import pytest

from bot.edges.slack_appointments import DURATION_BLOCK, OFFER_MODAL, PURPOSE_BLOCK, TIME_BLOCKS
from bot.sandbox.mail import Delivery
from tests.scenarios.test_entitlements import shows
from tests.support.world import REPORT, WARSAW, World, parsed, text_of, texts

pytestmark = pytest.mark.scenario

THURSDAY = datetime(2026, 11, 26, 10, 0, tzinfo=WARSAW)
FRIDAY = datetime(2026, 11, 27, 14, 0, tzinfo=WARSAW)


def calendar_of(delivery: Delivery) -> str:
    """The invitation in a mail, unfolded."""
    [part] = [part for part in parsed(delivery).walk() if part.get_content_type() == "text/calendar"]
    content: str = part.get_content()
    return content.replace("\r\n", "\n").replace("\n ", "")


async def test_a_deployment_is_booked_moved_answered_and_reminded_of(world: World) -> None:
    await world.write(world.anna, f"{REPORT}\nProsimy o zdalne wdrożenie urządzenia. Pytanie.", name="Anna Nowak")
    card = await world.card(world.number(1))
    wish = await world.in_thread(card, "Usługa z umowy: zdalne wdrożenie")
    await world.press(world.ewa, wish, "entitlement_agree")
    await shows(world, wish, "✅ Przyjęte")
    agreed = await world.mail_to(world.anna, containing="przyjęliśmy Państwa prośbę")

    # Two times are offered by a form that knows what is past.
    await world.press(world.ewa, card, OFFER_MODAL)
    view = await world.modal(world.ewa, OFFER_MODAL)
    shown = texts(world.slack.people.open_views(world.ewa)[-1].body["blocks"])
    assert "proponujemy termin (zdalne wdrożenie urządzenia" in shown
    first, second = int(THURSDAY.timestamp()), int(FRIDAY.timestamp())
    errors = await world.slack.people.submit_view(world.ewa, view, {TIME_BLOCKS[0]: 1_700_000_000})
    assert errors == {TIME_BLOCKS[0]: "Ten termin już minął albo jest za daleko."}
    assert await world.slack.people.submit_view(
        world.ewa, view, {TIME_BLOCKS[0]: first, TIME_BLOCKS[1]: second, DURATION_BLOCK: "90"}
    ) is None  # fmt: skip
    offer = await world.mail_to(world.anna, after=agreed, containing="proponujemy terminy do wyboru")
    assert "2. piątek, 27 listopada 2026, 14:00 (CET)" in text_of(offer)
    await world.in_thread(card, "Terminy do wyboru, czekają na klienta")

    # The customer picks by a digit, and the calendar accepts.
    await world.write(world.anna, "1", answer=offer, name="Anna Nowak")
    invited = await world.mail_to(world.anna, after=offer, containing="jest uzgodniony: czwartek, 26 listopada 2026")
    invitation = calendar_of(invited)
    assert "METHOD:REQUEST\n" in invitation
    assert "DTSTART:20261126T090000Z\nDTEND:20261126T103000Z\n" in invitation
    uid = re.findall(r"^UID:(.*)$", invitation, re.MULTILINE)[0]
    await shows(world, card, "Uzgodniony termin: czw., 26 lis 2026, 10:00")
    await calendar_answers(world, uid, "ACCEPTED")
    await world.in_thread(card, "Klient przyjął zaproszenie do kalendarza")

    # Another time takes its place: the same event, the next number.
    await world.press(world.ewa, card, OFFER_MODAL)
    view = await world.modal(world.ewa, OFFER_MODAL)
    assert await world.slack.people.submit_view(world.ewa, view, {TIME_BLOCKS[0]: second, PURPOSE_BLOCK: "1"}) is None
    offer = await world.mail_to(world.anna, after=invited, containing="proponujemy termin (zdalne wdrożenie")
    await world.write(world.anna, "Tak, pasuje.", answer=offer, name="Anna Nowak")
    moved = await world.mail_to(world.anna, after=offer, containing="Nowy termin: piątek, 27 listopada 2026, 14:00")
    assert f"UID:{uid}\nSEQUENCE:1\n" in calendar_of(moved)

    # Both sides are reminded; the customer's calendar declines after all.
    world.clock.move(timedelta(days=3, hours=4))
    reminded = await world.mail_to(world.anna, after=moved, containing="przypominamy o uzgodnionym terminie")
    await world.in_thread(card, "Klient dostał przypomnienie o terminie")
    await world.in_thread(card, "Zbliża się termin uzgodniony z klientem")
    await calendar_answers(world, uid, "DECLINED", "SEQUENCE:1")
    await world.in_thread(card, "Klient odrzucił zaproszenie do kalendarza, termin odpada")
    assert len(world.mails_to(world.anna)) == len(
        [m for m in world.mails_to(world.anna) if m.number <= reminded.number]
    )


async def calendar_answers(world: World, uid: str, partstat: str, *more: str) -> None:
    """Anna's calendar program answers, as Outlook and Gmail do."""
    lines = [
        "BEGIN:VCALENDAR", "METHOD:REPLY", "VERSION:2.0", "BEGIN:VEVENT", f"UID:{uid}", *more,
        "DTSTART:20261126T090000Z", "DTEND:20261126T103000Z", "SUMMARY:HEZO 360",
        f"ATTENDEE;PARTSTAT={partstat};CN=Anna Nowak:mailto:{world.anna}", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = f"Anna Nowak <{world.anna}>", world.mail.support
    message["Subject"] = f"Zaakceptowano: [{world.number(1)}] HEZO 360: zdalne wdrożenie urządzenia"
    message["Date"], message["Message-ID"] = format_datetime(world.clock.now()), make_msgid()
    message.set_content("\r\n".join(lines), subtype="calendar", params={"method": "REPLY"})
    await world.submit(message.as_bytes(), world.anna, [world.mail.support])
