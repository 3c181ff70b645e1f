"""What happens to a payload while Slack waits (3 seconds): it is recorded, acknowledged, and perhaps a modal opens.

Everything else is done later by the inbox loop. One middleware, before all others, records and acknowledges every
payload whatever its type, because Bolt acknowledges events before their listeners run and acknowledges nothing that
nobody listens for. Only what has to use a trigger_id within its 3 seconds goes on to a listener.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import SlackPerson
from bot.config_slack import SlackConfig
from bot.edges.slack_asked import (
    OPENS_ANY,
    Asked,
    asked_for,
    chose_canned,
    is_in_modal,
    pressed_in_more,
    read_asked,
)
from bot.edges.slack_buttons import note_view
from bot.edges.slack_candidates import candidates
from bot.edges.slack_channel_ids import (
    OPEN_MESSAGE_SHORTCUT,
    REPORT_MESSAGE_SHORTCUT,
    REPORT_MODAL,
    REPORT_OPEN,
    REPORT_SHORTCUT,
)
from bot.edges.slack_channel_payloads import said_to_customer
from bot.edges.slack_chosen_ticket import ChosenTickets
from bot.edges.slack_customer_listeners import CustomerForms, asks_for_report
from bot.edges.slack_errors import named, translate
from bot.edges.slack_escalation_ids import COMMAND
from bot.edges.slack_escalation_payloads import people_named
from bot.edges.slack_ids import ACTIONS_BY_ID, CANNED, OPENS_MODAL, PREVIEW, SHORTCUTS, ModalPlace
from bot.edges.slack_log import sdk_logger
from bot.edges.slack_lookups import LookedUp, Lookups
from bot.edges.slack_modals import Modals
from bot.edges.slack_names import Names
from bot.edges.slack_payloads import (
    OWN_TEAM,
    REAL_NAMES,
    inbox_key,
    person_of,
    submission_problems,
    typist_of,
)
from bot.edges.slack_screens import Look, Screens
from bot.edges.slack_second_answer import SecondAnswers, unconfirmed
from bot.edges.slack_still_possible import StillPossible
from bot.edges.slack_text import Json
from bot.edges.slack_ticket_payloads import oversized
from bot.edges.slack_views import loading_view
from bot.edges.slack_windows import Windows, log_failure
from bot.edges.slack_words_payloads import is_gone, message_name, writer
from bot.errors import HezoError, RetryLater, StaffError
from bot.rules.retrying import describe

log = logging.getLogger(__name__)

RECORD_LIMIT = 2.0
"""Seconds; Slack waits 3 for the acknowledgement, and before it a name may be asked for."""
RECORD_EVENT_LIMIT = 20.0
"""The same of an event, for which nobody waits: Slack sends again what is acknowledged late, and it is known then; what
is given up comes three more times at most."""
READ_LIMIT = 1.0
"""Seconds that a ticket may take to be read before a loading view is shown instead."""
RENDER_LIMIT = 20.0
"""Seconds that it may take then; whoever waits is told."""


RECORDED: ContextVar[bool] = ContextVar("recorded", default=False)
"""Whether the payload in hand is recorded: from then on it is acknowledged, whatever goes wrong with its form."""


class Recorder(Protocol):
    """Stores payloads in the inbox."""

    async def record(self, key: str, kind: str, body: bytes, *, message: str | None = None) -> bool:
        """Store and commit; False when the key was seen before. What raises is not acknowledged: Slack sends again.

        Args:
            message: By which a message is found again (`bot.rules.customer_channels.message_key`).
        """


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack, as `auth.test` says; `bot_id` is "" where it does not say that."""

    team_id: str
    user_id: str
    bot_id: str


async def identify(client: AsyncWebClient, limit: timedelta) -> Identity:
    """Who Slack says we are.

    Raises:
        RetryLater: Slack cannot be reached, or does not say it.
        OperatorError: it does not accept the token.
    """
    try:
        async with asyncio.timeout(limit.total_seconds()):
            answer = await client.auth_test()
    except Exception as error:
        raise translate(error, "auth.test", repeatable=True) from error
    team, user = (named(answer, name, str, "auth.test") for name in ("team_id", "user_id"))
    return Identity(team, user, str(answer.get("bot_id") or ""))  # without them everybody would be a stranger


class Listeners:
    """The Bolt app's middleware and listeners; `app` gives the app.

    Args:
        client: For opening modals and ephemeral lines.
    """

    def __init__(
        self,
        config: SlackConfig,
        recorder: Recorder,
        screens: Screens,
        client: AsyncWebClient,
        look: Look,
        identity: Identity,
    ) -> None:
        self._recorder = recorder
        self._screens = screens
        self._client = client
        self._look = look
        self._identity = identity
        self._staff = look.staff if look.staff is not None else {*config.engineers, *config.managers}
        self._names = Names(client, self._staff)
        self._lookups = Lookups(screens, self._said, ChosenTickets(screens, self._names, look))
        self._second = SecondAnswers(screens, look)
        self._modals = Modals(screens, self._names, look)
        self._customers = CustomerForms(config, identity.team_id, client, screens, self._names, look.hotline)
        self._possible = StillPossible(self._modals, self._names, look.words)
        self._windows = Windows(client, config)
        self._token = config.bot_token.get_secret_value()
        self._api_url = config.api_url

    def app(self) -> AsyncApp:
        """A Bolt app that asks Slack nothing by itself: it is told who it is."""
        me = self._identity
        result = AuthorizeResult(
            enterprise_id=None, team_id=me.team_id, bot_user_id=me.user_id, bot_id=me.bot_id, bot_token=self._token
        )

        async def authorize() -> AuthorizeResult:
            return result

        app = AsyncApp(
            name="hezo360",
            logger=sdk_logger(),
            client=AsyncWebClient(base_url=self._api_url, logger=sdk_logger()),
            authorize=authorize,
            before_authorize=self._record,
        )
        app.action(_one_of(OPENS_ANY | {PREVIEW}))(self._open_modal)
        app.action(_one_of(ACTIONS_BY_ID.keys() - OPENS_MODAL))(self._say_that_it_is_taken)
        app.action(CANNED)(self._put_in)
        app.command(COMMAND)(self._open_modal)
        app.shortcut(_one_of({*SHORTCUTS, OPEN_MESSAGE_SHORTCUT}))(self._open_modal)
        app.action(REPORT_OPEN)(self._customers.open)
        app.shortcut(_one_of({REPORT_SHORTCUT, REPORT_MESSAGE_SHORTCUT}))(self._customers.open)
        return app

    async def record_only(self, body: dict[str, Any]) -> BoltResponse:
        """Record a payload; no listener of ours hears of it. What raises is not to be acknowledged."""

        async def nobody() -> None:
            """There is no listener."""

        return await self._record(body, nobody) or BoltResponse(status=200)

    async def _record(self, body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        """Record, then acknowledge; an exception here means no acknowledgement."""
        if self._is_own(body):
            return BoltResponse(status=200)
        if body.get("type") == "block_suggestion":
            return BoltResponse(status=200, body={"options": await self._options(body)})
        found = await self._look_up(body)
        if found.errors:
            return BoltResponse(status=200, body={"response_action": "errors", "errors": found.errors})
        question = await self._second.question({**body, **found.facts})
        if question is not None:
            return BoltResponse(status=200, body={"response_action": "update", "view": question})
        kind, key = inbox_key(body)
        stored = {name: value for name, value in body.items() if name != "token"} | {OWN_TEAM: self._identity.team_id}
        stored[REAL_NAMES] = await self._names.of(people_named(body)) | await self._customers_name(body)
        stored |= found.facts
        async with asyncio.timeout(RECORD_EVENT_LIMIT if kind == "event_callback" else RECORD_LIMIT):
            is_new = await self._recorder.record(key, kind, json.dumps(stored).encode(), message=message_name(body))
        RECORDED.set(True)
        opens = asked_for(body) is not None or pressed_in_more(body) or chose_canned(body) or asks_for_report(body)
        if is_new and opens:
            await next_()
            return None
        if kind == "view_submission":
            return BoltResponse(status=200, body={"response_action": "clear"})
        return BoltResponse(status=200)

    async def _look_up(self, body: Mapping[str, Any]) -> LookedUp:
        """What is wrong with a submitted form, or what was found of what it names; both looked for at once."""
        errors = self._errors(body)
        if errors:
            return LookedUp(errors)
        errors, found = await asyncio.gather(self._possible.problems(body), self._lookups.look_up(body))
        return LookedUp(errors) if errors else found

    async def _options(self, body: Mapping[str, Any]) -> list[Json]:
        """What an open menu offers to staff; to others nothing."""
        try:
            by = person_of({**body, OWN_TEAM: self._identity.team_id})
        except ValueError:
            return []
        is_staff = not by.is_stranger and by.user in self._staff
        return await candidates(body, self._screens, self._look.words) if is_staff else []

    def _errors(self, body: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with a submitted form, by its block, in the language of who reads it."""
        problems = submission_problems(body, self._look.clock.now(), self._look.zone, self._staff)
        view = body.get("view")
        if body.get("type") == "view_submission" and isinstance(view, dict):
            problems |= unconfirmed(view) | oversized(view, self._look.files_max_mb)
        if problems and isinstance(view, dict) and view.get("callback_id") == REPORT_MODAL:
            return said_to_customer(view, problems)
        return self._said(problems)

    def _said(self, problems: Mapping[str, str]) -> dict[str, str]:
        return {block_id: self._look.words(f"modal_problem.{problem}") for block_id, problem in problems.items()}

    async def _customers_name(self, body: Mapping[str, Any]) -> dict[str, str]:
        """The name of a customer who wrote something: it stands on their ticket."""
        user, event = writer(body), body.get("event")
        if user is None or user in self._staff or not isinstance(event, dict):
            return {}
        team = event.get("user_team") or event.get("source_team") or event.get("team")
        is_stranger = team is not None and team != self._identity.team_id
        by = SlackPerson(user, user, is_stranger=is_stranger)
        return await self._names.of({user}, anybody=True) if self._customers.is_customer(by) else {}

    def _is_own(self, body: Mapping[str, Any]) -> bool:
        """Whether it is an event that we caused ourselves, such as the edit of a head message; never a deletion."""
        event = body.get("event")
        me = self._identity
        if not isinstance(event, dict) or is_gone(event):
            return False
        inner = [event.get("message"), event.get("previous_message")]
        messages = [event, *(one for one in inner if isinstance(one, dict))]
        return any((me.bot_id and one.get("bot_id") == me.bot_id) or one.get("user") == me.user_id for one in messages)

    async def _open_modal(self, ack: Callable[[], Awaitable[Any]], body: dict[str, Any]) -> None:
        """Open the modal of a button or a command, or say to the person alone why not."""
        await ack()
        own = {**body, OWN_TEAM: self._identity.team_id}
        by = typist_of(own) if "command" in body else person_of(own)
        if by.is_stranger or by.user not in self._staff:
            await self._refuse(body, by, self._look.words("tell.not_allowed"))
            return
        window = _Window()
        try:
            await self._show(read_asked(body), by, body, window)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever pressed is told
            await self._refuse(body, by, self._why_not(error, body), window)

    def _why_not(self, error: Exception, body: Mapping[str, Any]) -> str:
        if isinstance(error, StaffError):
            return str(error)
        if isinstance(error, LookupError):
            return self._look.words("tell.ticket_gone")
        log_failure("a modal did not open", error, asked_for=asked_for(body))
        return self._look.words("tell.modal_failed")

    async def _show(self, asked: Asked, by: SlackPerson, body: Mapping[str, Any], window: _Window) -> None:
        """Open the modal, or push it on the one in which it was asked for; what takes long is shown as loading."""
        trigger_id, above = str(body["trigger_id"]), is_in_modal(body)
        rendering = asyncio.create_task(self._modals.render(asked, by))
        try:
            await asyncio.wait({rendering}, timeout=READ_LIMIT)
            if rendering.done():
                await self._windows.open(trigger_id, rendering.result(), above=above)
                return
            window.id = await self._windows.open(trigger_id, loading_view(self._look.words), above=above)
            async with asyncio.timeout(RENDER_LIMIT):
                view = await rendering
            if window.id is None:
                raise RetryLater("Slack did not say which window it opened")
            await self._windows.change(window.id, view)
        finally:
            rendering.cancel()

    async def _put_in(self, ack: Callable[[], Awaitable[Any]], body: dict[str, Any]) -> None:
        """A ready text was chosen in the reply window: it is put into its text."""
        await ack()
        by = person_of({**body, OWN_TEAM: self._identity.team_id})
        if by.is_stranger or by.user not in self._staff:
            return
        try:
            view = await self._modals.reply.with_canned(body)
            await self._windows.change(body["view"]["id"], view, body["view"]["hash"])
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever chose is told
            log_failure("a ready text was not put in", error)
            await self._refuse(body, by, self._look.words("tell.modal_failed"))

    async def _say_that_it_is_taken(self, ack: Callable[[], Awaitable[Any]], body: dict[str, Any]) -> None:
        """The press behind "More…" is recorded: what becomes of it is said in the thread, and the modal may go."""
        await ack()
        by = person_of({**body, OWN_TEAM: self._identity.team_id})
        await self._refuse(body, by, self._look.words("more.taken"))

    async def _refuse(self, body: Mapping[str, Any], by: SlackPerson, said: str, window: _Window | None = None) -> None:
        """Say something where it was clicked: in the modal that lies over the message, or below the message."""
        view, loading = body.get("view"), window.id if window is not None else None
        note = note_view(said, self._look.words, ModalPlace(None, by.channel, by.thread_ts))
        try:
            if loading is not None:
                await self._windows.change(loading, note)
            elif pressed_in_more(body) and isinstance(view, Mapping):
                await self._windows.change(str(view.get("id")), note)
            elif is_in_modal(body):  # what was typed stays below
                await self._windows.open(str(body["trigger_id"]), note, above=True)
            else:
                await self._windows.say(by, said)
        except HezoError as error:
            log.warning("a modal was not replaced", extra={"hezo": {"problem": describe(error)}})
            await self._windows.say(by, said)


@dataclass
class _Window:
    """What stands over the message while a ticket is read: Slack's id of it; None while there is nothing."""

    id: str | None = None


def _one_of(ids: Collection[str]) -> re.Pattern[str]:
    return re.compile(f"^(?:{'|'.join(map(re.escape, sorted(ids)))})$")
