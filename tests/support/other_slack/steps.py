"""What people do at which Slack is called in one way or another, and how one sees that it was done, or what was said.

Each step does something and gives a `Wanted`; the fault that the call meets, whoever plays it has prepared before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.support.other_slack.office import ANNA, Office
from tests.support.other_slack.people import Seen, pressable, words
from tests.support.other_slack.workspace import Body, User

A_WHILE = timedelta(seconds=25)
"""Longer than a reply waits before it goes."""


def nothing() -> bool:
    """Nobody is told anything."""
    return False


@dataclass
class Wanted:
    """What a step is to come to.

    Attributes:
        is_there: It was done.
        said: Somebody was told in words that it was not.
        count: How often it was done, where it could be done twice.
    """

    is_there: Callable[[], object]
    said: Callable[[], object] = nothing
    count: Callable[[], int] = lambda: 1


Step = Callable[[Office, int], Awaitable[Wanted]]


def _more(listed: list[Body]) -> Callable[[], bool]:
    before = len(listed)
    return lambda: len(listed) > before


async def edit_the_card(office: Office, _number: int) -> Wanted:
    """Somebody else takes the ticket over."""
    user, other = office.ewa, office.marek
    if f"user_id': '{office.ewa.id}" in str(office.card):
        user, other = other, user
    await office.press_behind_more(user, "ticket_take_over")

    def is_there() -> bool:
        return f"user_id': '{user.id}" in str(office.card["blocks"]) and other.id not in str(office.card["blocks"])

    return Wanted(is_there)


async def post_in_the_thread(office: Office, number: int) -> Wanted:
    """The customer writes."""
    said = f"Wiadomość nr {number}."
    await office.write(said, office.subject)
    return Wanted(lambda: office.times(said), count=lambda: office.times(said))


async def ask_below_a_message(office: Office, number: int) -> Wanted:
    """Ewa writes in the thread, and is asked whether it shall go."""
    before = _more(office.ewa.ephemerals)
    await office.slack.people.write(office.ewa, office.support, f"Uwaga nr {number}", thread=office.card["ts"])
    return Wanted(before)


async def open_a_form(office: Office, _number: int) -> Wanted:
    """Ewa presses "Reply"."""
    office.ewa.views.clear()
    said = _more(office.ewa.ephemerals)
    await office.press(office.ewa, "ticket_reply")
    return Wanted(lambda: office.ewa.views, said, lambda: len(office.ewa.views))


def _pressable(user: User, action: str) -> Seen:
    return next(seen for seen in pressable(user.views[-1]["blocks"]) if seen.action == action)


async def push_a_view(office: Office, _number: int) -> Wanted:
    """Ewa looks at what she has typed as the customer will read it."""
    view = await office.form(office.ewa, "ticket_reply")
    block = next(b for b in view["blocks"] if b["type"] == "input" and b["element"]["type"] == "plain_text_input")
    office.slack.people.enter(view, block, "Proszę o logi.")
    said = _more(office.ewa.ephemerals)
    await office.slack.people.press_in_view(office.ewa, view, _pressable(office.ewa, "mail_preview"))

    def is_there() -> bool:
        return len(office.ewa.views) > 1 and "Proszę o logi." in words(office.ewa.views[-1]["blocks"])

    def is_said() -> bool:
        return said() or (len(office.ewa.views) > 1 and not is_there())

    return Wanted(is_there, is_said, lambda: len(office.ewa.views) - 1)


async def update_a_view(office: Office, _number: int) -> Wanted:
    """Ewa chooses a ready text."""
    view = await office.form(office.ewa, "ticket_reply")
    said, menu = _more(office.ewa.ephemerals), _pressable(office.ewa, "canned_reply")
    chosen = {**menu.element, "selected_option": menu.element["options"][0]}
    await office.slack.people.press_in_view(office.ewa, view, Seen(menu.block, chosen))

    def is_said() -> bool:
        return said() or len(office.ewa.views) > 1

    return Wanted(lambda: "gotowy tekst" in str(office.ewa.views[-1]["state"]), is_said)


async def publish_the_home(office: Office, _number: int) -> Wanted:
    """Ewa looks at the Home tab."""
    before = office.ewa.home["hash"] if office.ewa.home else ""
    await office.slack.people.open_home(office.ewa)
    return Wanted(lambda: office.ewa.home and office.ewa.home["hash"] != before)


async def share_a_file(office: Office, number: int) -> Wanted:
    """The customer sends a file."""
    name = f"log-{number}.txt"
    before = office.times("Nie wszystkie pliki")
    await office.write("W załączeniu.", office.subject, {name: b"abc\n" * 500})

    def shown() -> int:
        return sum(f["name"] == name for m in office.support.messages.values() for f in m.get("files", ()))

    return Wanted(shown, lambda: office.times("Nie wszystkie pliki") > before, shown)


async def send_a_file(office: Office, number: int) -> Wanted:
    """Ewa sends the customer a file from the thread."""
    workspace, name = office.slack.workspace, f"plik-{number}.txt"
    file = workspace.new_id("F")
    url = f"{office.slack.people.base}/files-pri/{file}"
    told: Body = {"id": file, "name": name, "mimetype": "text/plain", "size": 2000, "url_private_download": url}
    workspace.files[file], workspace.contents[file] = told, b"abcd" * 500
    before, shown = len(office.ewa.ephemerals), set(office.support.messages)
    more = {"files": [told], "subtype": "file_share"}
    await office.slack.people.write(office.ewa, office.support, f"Plik {number}", thread=office.card["ts"], **more)
    await office.until(lambda: len(office.ewa.ephemerals) > before, "the question")
    asked = office.ewa.ephemerals[-1]
    seen = next(seen for seen in pressable(asked["blocks"]) if seen.action == "sending_wait")
    await office.slack.people.press(office.ewa, office.support, asked, seen)

    def mails() -> int:
        return sum(name.encode() in mail.raw for mail in office.mail.deliveries if mail.recipient == ANNA)

    def said() -> bool:
        new = [message for ts, message in office.support.messages.items() if ts not in shown]
        return any("nie" in words(m.get("blocks")).lower() and name in words(m.get("blocks")) for m in new)

    return Wanted(mails, said, mails)


async def answer_a_command(office: Office, _number: int) -> Wanted:
    """Ewa types a command."""
    before = _more(office.ewa.ephemerals)
    await office.slack.people.command(office.ewa, office.support, "duty")
    return Wanted(before)


STEPS: dict[str, Step] = {
    "chat.update": edit_the_card,
    "chat.postMessage": post_in_the_thread,
    "chat.postEphemeral": ask_below_a_message,
    "views.open": open_a_form,
    "views.push": push_a_view,
    "views.update": update_a_view,
    "views.publish": publish_the_home,
    "files.getUploadURLExternal": share_a_file,
    "upload": share_a_file,
    "files.completeUploadExternal": share_a_file,
    "files.info": share_a_file,
    "download": send_a_file,
    "auth.test": post_in_the_thread,
    "response_url": answer_a_command,
    "users.info": open_a_form,
    "conversations.replies": post_in_the_thread,
}
