"""A short story that plays by itself, so that the page is never empty; all of it goes by the usual ways.

Every step waits for what it answers to: the mail in the customer's mailbox, the post in the thread, the opened modal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from bot.edges.slack_ids import ACTION_IDS, REPLY_MODAL, TEXT_BLOCK
from bot.rules.ticket_states import Action
from bot.sandbox.slack.model import Message
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.web_customers import customer, examples
from bot.sandbox.web_mail import CustomerMail

PATIENCE = 30.0
"""Seconds that each step may take."""

COMMAND = "diagnose sys flash list"
QUESTION = (
    "Dzień dobry,\n\nprzejmuję Państwa zgłoszenie. Proszę podłączyć kabel konsolowy, włączyć urządzenie i wysłać mi "
    f"to, co widać na ekranie. Jeżeli system się uruchomi, proszę także o wynik polecenia:\n\n{COMMAND}"
)
ANSWER = (
    "Na konsoli widać tylko to, potem nic się nie dzieje:\n\n"
    "FortiGate-121G (10:12-03.14.2025)\nSystem is starting...\nEXT4-fs error (device sda1): unable to read superblock\n"
    "The config file may contain errors.\n\nDo wiersza poleceń nie dochodzi, więc wyniku polecenia nie mam.\n\n"
    "Pozdrawiam\nAnna Nowak"
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays in Slack, where, and the address that the customers write to.

    Attributes:
        engineer: A Slack user id.
        support: The support channel's id.
        address: The service's address for reports.
        info: The one for enquiries.
    """

    engineer: str
    support: str
    address: str
    info: str


async def tell_story(customers: CustomerMail, slack: SlackSandbox, cast: Cast) -> None:
    """Play it.

    Raises:
        TimeoutError: what a step waited for did not come.
        NotPossible: somebody at the page was quicker, and what was to be clicked is not there any more.
    """
    stage = _Stage(customers, slack, cast)

    # Anna's firewall is dead; the bot acknowledges, and an engineer asks for details.
    card = await stage.report("anna", "critical")
    await stage.press(card, Action.TAKE)
    await stage.see(lambda: cast.engineer in _said(card), "the engineer's name on the ticket")
    await stage.press(card, Action.REPLY)
    await slack.people.submit_view(cast.engineer, await stage.reply_modal(), {TEXT_BLOCK: QUESTION})
    asked = await customers.wait_for("anna", COMMAND, PATIENCE)

    # John asks in English and forgets his numbers; the bot asks him for them.
    await stage.report("john", "no-numbers")

    # Anna answers in her thread.
    subject = customers.draft(asked.id)["subject"]
    await customers.send("anna", asked.address, subject, ANSWER, answers=asked.id)
    await stage.see(lambda: any("superblock" in _said(post) for post in stage.thread(card)), "Anna's answer")


class _Stage:
    """What the steps have in common."""

    def __init__(self, customers: CustomerMail, slack: SlackSandbox, cast: Cast) -> None:
        self._customers = customers
        self._slack = slack
        self._cast = cast

    async def report(self, person: str, key: str) -> Message:
        """Send a ready-made mail, wait for the bot's answer to it; gives the ticket's head message."""
        example = next(one for one in examples(customer(person), self._cast.address, self._cast.info) if one.key == key)
        await self._customers.send(person, example.to, example.subject, example.text)
        workspace = self._slack.workspace

        def card() -> Message | None:
            messages = workspace.timeline(self._cast.support)
            return next((message for message in messages if example.subject in _said(message)), None)

        found = await workspace.wait_for(card, PATIENCE, f"the ticket of {person}")
        assert found is not None
        await self._customers.wait_for(person, "", PATIENCE)
        return found

    async def press(self, card: Message, action: Action) -> None:
        """Press a button of the ticket as the engineer."""
        await self._slack.people.click(self._cast.engineer, self._cast.support, card.ts, ACTION_IDS[action])

    async def reply_modal(self) -> str:
        """The id of the modal for answering, once it can be filled in."""

        def filled() -> str | None:
            views = self._slack.people.open_views(self._cast.engineer)
            ready = views and views[-1].body.get("callback_id") == REPLY_MODAL and TEXT_BLOCK in views[-1].state
            return views[-1].id if ready else None

        view = await self._slack.workspace.wait_for(filled, PATIENCE, "the modal for answering")
        assert view is not None
        return view

    async def see(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something to be seen in Slack."""
        await self._slack.workspace.wait_for(condition, PATIENCE, what)

    def thread(self, card: Message) -> list[Message]:
        """The ticket's thread."""
        return self._slack.workspace.thread(self._cast.support, card.ts)


def _said(message: Message) -> str:
    """All of a message as text, good for looking something up in it."""
    return json.dumps(message.blocks, ensure_ascii=False)
