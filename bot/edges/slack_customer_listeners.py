"""Opens the form for reports while Slack waits: from the question about a message, from a thread, or by a shortcut.

Only this is done at once, as a trigger lives three seconds; what is submitted is recorded and handled like any payload.
Whoever may not report here learns so in their own words, and learns nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.edges.slack_channel_forms import report_form, told_form
from bot.edges.slack_channel_ids import REPORT_MESSAGE_SHORTCUT, REPORT_OPEN, REPORT_SHORTCUT, Offered, ReportPlace
from bot.edges.slack_customer_screens import CustomerScreens
from bot.edges.slack_errors import named, translate
from bot.edges.slack_names import Names
from bot.edges.slack_payloads import OWN_TEAM, person_of
from bot.edges.slack_windows import Windows, log_failure
from bot.edges.slack_words_payloads import words_of
from bot.model import Contract, Language
from bot.people import SlackPerson
from bot.rules.customer_channels import message_key
from bot.rules.language import language_of_mail
from bot.rules.wording import words

READ_LIMIT = 1.5
"""Seconds that what the form shows may take to be read; a trigger lives three."""
_MOST_CHANNELS = 999
_MOST_PAGES = 5
"""Slack may give fewer at a time than were asked for."""


def asks_for_report(body: Mapping[str, object]) -> bool:
    """Whether a payload asks for the customers' form. Never raises."""
    kind = body.get("type")
    if kind == "shortcut" or kind == "message_action":  # noqa: PLR1714 - a payload's value may be no text
        callback_id = body.get("callback_id")
        return isinstance(callback_id, str) and callback_id in {REPORT_SHORTCUT, REPORT_MESSAGE_SHORTCUT}
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, Mapping) and body.get("type") == "block_actions" and first.get("action_id") == REPORT_OPEN


class CustomerForms:
    """The listener behind those buttons and shortcuts."""

    def __init__(
        self,
        config: SlackConfig,
        own_team: str,
        client: AsyncWebClient,
        screens: CustomerScreens,
        names: Names,
        hotline: str,
    ) -> None:
        self._own_team = own_team
        self._client = client
        self._screens = screens
        self._names = names
        self._hotline = hotline
        self._customers = frozenset(config.customers)
        self._windows = Windows(client, config)

    def is_customer(self, by: SlackPerson) -> bool:
        """As `handlers.context.Context.is_customer`."""
        return by.is_stranger or (by.user in self._customers and by.user not in self._names.staff)

    async def open(self, ack: Callable[[], Awaitable[Any]], body: dict[str, Any]) -> None:
        """Open the form, or say to the person alone why not."""
        await ack()
        by = person_of({**body, OWN_TEAM: self._own_team})
        url = body.get("response_url")
        by = replace(by, response_url=url if isinstance(url, str) else None)
        language = Language.PL
        try:
            async with asyncio.timeout(READ_LIMIT):
                place, begun = await self._place(body, by)
                language = place.language
                contracts = await self._contracts(place.channel, by)
                name = (await self._names.of({by.user}, anybody=True)).get(by.user, by.name)
            if not contracts:
                where = "report_not_here" if by.channel or place.channel else "report_choose_channel"
                await self._refuse(body, by, language, where)
                return
            view = report_form(contracts, begun, replace(place, name=name))
            await self._windows.open(str(body["trigger_id"]), view)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever pressed is told
            log_failure("a customer's form did not open", error)
            await self._say(by, language, "form_failed")

    async def _contracts(self, channel: str, by: SlackPerson) -> Sequence[Contract]:
        return await self._screens.contracts_of_channel(channel) if channel and self.is_customer(by) else ()

    async def _place(self, body: Mapping[str, Any], by: SlackPerson) -> tuple[ReportPlace, str]:
        """Where the form belongs to, and the words that it begins with."""
        if body.get("type") == "block_actions":
            offered = Offered.from_value(body["actions"][0].get("value"))
            channel = by.channel or ""
            begun = await self._screens.waiting_words(message_key(channel, offered.ts))
            container = body.get("container")
            is_alone = isinstance(container, Mapping) and container.get("is_ephemeral") is True
            url = by.response_url if is_alone else None  # what everybody sees is not replaced
            place = ReportPlace(channel, offered.language, offered.ts, response_url=url, thread_ts=offered.thread_ts)
            return place, begun
        if body.get("type") == "message_action":
            message = body.get("message") or {}
            begun = words_of(message, {}).text
            ts = str(message.get("thread_ts") or message.get("ts") or "") or None
            return ReportPlace(by.channel or "", language_of_mail("", begun), ts), begun
        return ReportPlace(await self._channel_of(by.user), Language.PL), ""

    async def _channel_of(self, user: str) -> str:
        """The one shared channel of a customer; "" where they are in none, or in several."""
        shared = await self._screens.shared_channels()
        theirs: list[str] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            try:
                page = await self._client.users_conversations(
                    user=user,
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=_MOST_CHANNELS,
                    cursor=cursor,
                )
            except Exception as error:
                raise translate(error, "users.conversations", repeatable=True) from error
            channels = named(page, "channels", list, "users.conversations")
            theirs += [str(channel["id"]) for channel in channels if channel["id"] in shared]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return theirs[0] if len(theirs) == 1 else ""

    async def _refuse(self, body: Mapping[str, Any], by: SlackPerson, language: Language, what: str) -> None:
        """Say it where they pressed; a shortcut beside the search field belongs to no channel and gets a window."""
        if by.channel is not None or by.response_url is not None:
            await self._say(by, language, what)
            return
        said = words("customer", language)(f"tell_{what}", hotline=self._hotline)
        await self._windows.open(str(body["trigger_id"]), told_form(said, language))

    async def _say(self, by: SlackPerson, language: Language, what: str) -> None:
        await self._windows.say(by, words("customer", language)(f"tell_{what}", hotline=self._hotline))
