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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import SlackPerson
from bot.config import SlackConfig
from bot.edges.slack_ids import ACTIONS_BY_ID, OPENS_MODAL, ModalPlace
from bot.edges.slack_log import sdk_logger
from bot.edges.slack_payloads import OWN_TEAM, clicked_ticket, inbox_key, person_of, submission_problems
from bot.edges.slack_text import Json, fill
from bot.edges.slack_views import date_modal, loading_view, priority_modal, reply_modal
from bot.errors import StaffError
from bot.model import Message, TicketView
from bot.ports import Clock
from bot.rules.ticket_states import Action, actions_of
from bot.rules.wording import Words

log = logging.getLogger(__name__)

RECORD_LIMIT = 2.5
"""Seconds; Slack waits 3 for the acknowledgement."""
READ_LIMIT = 1.0
"""Seconds that a ticket may take to be read before a loading view is shown instead."""
UPDATE_LIMIT = 20.0
NAME_LIMIT = 0.8


class Recorder(Protocol):
    """Stores payloads in the inbox."""

    async def record(self, key: str, kind: str, body: bytes) -> bool:
        """Store and commit; False when the key was seen before. What raises is not acknowledged: Slack sends again."""


class Screens(Protocol):
    """Reads what modals show."""

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket; LookupError when there is none."""

    async def messages(self, ticket_id: int) -> Sequence[Message]:
        """The conversation so far, oldest first."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack, as `auth.test` says."""

    team_id: str
    user_id: str
    bot_id: str


@dataclass(frozen=True, slots=True)
class Look:
    """How staff are spoken to."""

    words: Words
    zone: ZoneInfo
    clock: Clock


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
        self._staff = {*config.engineers, *config.managers}
        self._limit = config.timeout.total_seconds()
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
        opens = re.compile("|".join(f"^{re.escape(action_id)}$" for action_id in OPENS_MODAL))
        app.action(opens)(self._open_modal)
        return app

    async def _record(self, body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        """Record, then acknowledge; an exception here means no acknowledgement."""
        if self._is_own(body) or body.get("type") == "block_suggestion":
            return BoltResponse(status=200)
        problems = submission_problems(body, self._look.clock.now(), self._look.zone)
        if problems:
            words = self._look.words
            errors = {block_id: words(f"modal_problem.{problem}") for block_id, problem in problems.items()}
            return BoltResponse(status=200, body={"response_action": "errors", "errors": errors})
        kind, key = inbox_key(body)
        stored = {name: value for name, value in body.items() if name != "token"} | {OWN_TEAM: self._identity.team_id}
        async with asyncio.timeout(RECORD_LIMIT):
            is_new = await self._recorder.record(key, kind, json.dumps(stored).encode())
        if is_new and self._opens_modal(body):
            await next_()
            return None
        if kind == "view_submission":
            return BoltResponse(status=200, body={"response_action": "clear"})
        return BoltResponse(status=200)

    def _is_own(self, body: Mapping[str, Any]) -> bool:
        """Whether it is an event that we caused ourselves."""
        event = body.get("event")
        me = self._identity
        return isinstance(event, dict) and (event.get("bot_id") == me.bot_id or event.get("user") == me.user_id)

    @staticmethod
    def _opens_modal(body: Mapping[str, Any]) -> bool:
        actions = body.get("actions")
        first = actions[0] if isinstance(actions, list) and actions else None
        return body.get("type") == "block_actions" and isinstance(first, dict) and first.get("action_id") in OPENS_MODAL

    async def _open_modal(self, ack: Callable[[], Awaitable[Any]], body: dict[str, Any]) -> None:
        """Open the modal of a button, or say to the person alone why not."""
        await ack()
        by = person_of({**body, OWN_TEAM: self._identity.team_id})
        if by.is_stranger or by.user not in self._staff:
            await self._tell(by, "not_allowed")
            return
        action = ACTIONS_BY_ID[body["actions"][0]["action_id"]]
        try:
            await self._show(action, clicked_ticket(body), by, str(body["trigger_id"]))
        except StaffError as error:
            await self._say(by, str(error))
        except LookupError:
            await self._tell(by, "ticket_gone")
        except Exception:
            log.exception("a modal did not open", extra={"hezo": {"action": action}})
            await self._tell(by, "modal_failed")

    async def _show(self, action: Action, ticket_id: int, by: SlackPerson, trigger_id: str) -> None:
        place = ModalPlace(ticket_id, by.channel, by.thread_ts)
        rendering = asyncio.create_task(self._render(action, by, place))
        try:
            await asyncio.wait({rendering}, timeout=READ_LIMIT)
            if rendering.done():
                async with asyncio.timeout(self._limit):
                    await self._client.views_open(trigger_id=trigger_id, view=rendering.result())
                return
            async with asyncio.timeout(self._limit):
                opened = await self._client.views_open(trigger_id=trigger_id, view=loading_view(self._look.words))
            async with asyncio.timeout(UPDATE_LIMIT):
                await self._client.views_update(view_id=opened["view"]["id"], view=await rendering)
        finally:
            rendering.cancel()

    async def _render(self, action: Action, by: SlackPerson, place: ModalPlace) -> Json:
        look = self._look
        if action is Action.AGREE:
            view, real_name = await asyncio.gather(self._screens.ticket_view(place.ticket_id), self._real_name(by))
            self._check(action, view)
            return date_modal(view, look.clock.now(), look.words, look.zone, replace(place, real_name=real_name))
        if action is Action.REPLY:
            view, messages, real_name = await asyncio.gather(
                self._screens.ticket_view(place.ticket_id),
                self._screens.messages(place.ticket_id),
                self._real_name(by),
            )
            self._check(action, view)
            named = replace(place, real_name=real_name)
            return reply_modal(view, messages, look.clock.now(), look.words, look.zone, named)
        view = await self._screens.ticket_view(place.ticket_id)
        self._check(action, view)
        return priority_modal(view, look.words, place)

    def _check(self, action: Action, view: TicketView) -> None:
        ticket, words = view.ticket, self._look.words
        if action not in actions_of(ticket):
            state = words(f"state.{ticket.state}")
            raise StaffError(fill(words, "tell.not_in_this_state", number=ticket.number, state=state))

    async def _real_name(self, by: SlackPerson) -> str:
        """The name to sign with; where Slack does not tell it in time, the handle."""
        try:
            async with asyncio.timeout(NAME_LIMIT):
                profile = (await self._client.users_info(user=by.user))["user"]
            return str(profile.get("real_name") or (profile.get("profile") or {}).get("real_name") or by.name)
        except Exception as error:  # noqa: BLE001 - a name is no reason to hold up a reply, whatever went wrong
            log.warning("no real name for a signature", extra={"hezo": {"problem": type(error).__name__}})
            return by.name

    async def _tell(self, by: SlackPerson, what: str) -> None:
        await self._say(by, self._look.words(f"tell.{what}"))

    async def _say(self, by: SlackPerson, text: str) -> None:
        """Show a line to the one who clicked; if that fails too, the log is all that is left."""
        if by.channel is None:
            return
        try:
            async with asyncio.timeout(self._limit):
                await self._client.chat_postEphemeral(
                    channel=by.channel, user=by.user, text=text, thread_ts=by.thread_ts
                )
        except Exception as error:  # noqa: BLE001 - the last resort of an error path
            log.warning("an ephemeral line was not shown", extra={"hezo": {"problem": type(error).__name__}})
