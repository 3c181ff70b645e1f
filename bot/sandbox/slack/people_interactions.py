"""What people do with buttons, menus, commands and shortcuts."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blocks_check import check_options, elements_of
from bot.sandbox.slack.element_state import picked, state_key
from bot.sandbox.slack.model import Json, Message, NotPossible, ResponseUrl, SlackError, View
from bot.sandbox.slack.people_base import Outcome, PeopleBase, as_typed
from bot.sandbox.slack.response_urls import respond


def find_element(
    blocks: list[Json], action_id: str, block_id: str | None = None, value: str | None = None
) -> tuple[Json, Json]:
    """The one interactive element that is meant, with its block.

    Args:
        blocks: Of a message or view.
        action_id: Its action_id.
        block_id: Its block's id, where several blocks have such an element.
        value: The button's `value`, for the same reason.

    Raises:
        NotPossible: there is none, or more than one.
    """
    found = [
        (block, element)
        for block, element, _ in elements_of(blocks)
        if element.get("action_id") == action_id
        and block_id in (None, block["block_id"])
        and value in (None, element.get("value"))
    ]
    if len(found) == 1:
        return found[0]
    present = [(block["block_id"], element.get("action_id")) for block, element, _ in elements_of(blocks)]
    problem = "is not there" if not found else "is there more than once"
    raise NotPossible(f"{action_id} (block {block_id}, value {value}) {problem}; there are {present}")


class InteractionPeople(PeopleBase):
    """The part of `People` that is about clicking and commands."""

    _offered: dict[tuple[str, str, str], list[Json]]

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
        selected: Any = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Use a button or menu of a message, ephemeral ones included; a confirmation dialog is confirmed.

        Args:
            user: Who clicks.
            channel: Where.
            ts: The message.
            action_id: The element.
            value: Tells buttons with the same action_id apart.
            selected: What is chosen: option value(s), user or channel id(s), date, time, text.
            block_id: Tells blocks apart.

        Raises:
            NotPossible: the person does not see such an element there, or it does not offer this choice.
        """
        person, message = self._person(user), self._visible(user, channel, ts)
        self._inside(user, channel)
        block, element = find_element(message.blocks, action_id, block_id, value)
        choice = self._choose(user, block, element, selected)
        key = state_key(element["type"])
        if key:
            state = payloads.state_of(message, user)
            state[block["block_id"]][action_id] = {"type": element["type"], key: choice}
            message.states[user] = state
        action = payloads.action_json(self._backstage, block, element, choice)
        payload = payloads.block_actions_in_message(self._backstage, person, message, action)
        return await self._interact(user, f"click {action_id}", payload)

    async def click_home(
        self,
        user: str,
        action_id: str,
        *,
        value: str | None = None,
        selected: Any = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Use a button or menu of the Home tab; arguments as for `click`."""
        home = self._workspace.home(user)
        if home is None:
            raise NotPossible(f"{user} has no Home tab")
        return await self._click_in_view(user, home, action_id, value, selected, block_id)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        value: str | None = None,
        selected: Any = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Use a button or menu of an open modal; arguments as for `click`."""
        return await self._click_in_view(user, self._modal(user, view_id), action_id, value, selected, block_id)

    def _modal(self, user: str, view_id: str) -> View:
        """The modal on top of this person's stack."""
        self._person(user)
        stack = self._workspace.stacks.get(user, [])
        if not stack or stack[-1] != view_id:
            raise NotPossible(f"{user} does not look at {view_id}; open: {stack}")
        return self._workspace.views[view_id]

    async def _click_in_view(
        self, user: str, view: View, action_id: str, value: str | None, selected: Any, block_id: str | None
    ) -> Outcome:
        block, element = find_element(view.body["blocks"], action_id, block_id, value)
        choice = self._choose(user, block, element, selected)
        key = state_key(element["type"])
        if key:
            view.state[block["block_id"]][action_id] = {"type": element["type"], key: choice}
            self._workspace.changed()
        action = payloads.action_json(self._backstage, block, element, choice)
        payload = payloads.block_actions_in_view(self._backstage, self._person(user), view, action)
        return await self._interact(user, f"click {action_id}", payload)

    def _choose(self, user: str, block: Json, element: Json, selected: Any) -> Any:
        if element["type"] == "button":
            if selected is not None:
                raise NotPossible(f"{element['action_id']} is a button: nothing can be selected")
            return None
        offered = self._offered.get((user, block["block_id"], element["action_id"]))
        if element["type"].endswith("external_select"):
            return picked(self._workspace, element, selected, offered or [])
        return picked(self._workspace, element, selected)

    # --- external menus

    async def suggest(
        self, user: str, place: Message | View, action_id: str, query: str, block_id: str | None = None
    ) -> list[Json]:
        """Type into an external menu of a message or view; returns the options that the app offers.

        Raises:
            NotPossible: there is no such menu.
        """
        blocks = place.blocks if isinstance(place, Message) else place.body["blocks"]
        block, element = find_element(blocks, action_id, block_id)
        if not element["type"].endswith("external_select"):
            raise NotPossible(f"{action_id} asks nobody for options")
        payload = payloads.block_suggestion(self._backstage, self._person(user), block, element, query, place)
        ack = await self._backstage.sockets.send("interactive", payload, accepts_payload=True)
        if not ack.acked:
            self._failed(user, f"suggest {action_id}", ack.reason)
            return []
        try:
            answer = check_options(ack.payload or {})
        except SlackError as error:
            self._workspace.violation(f"suggest {action_id}", "; ".join(error.messages))
            return []
        options = list(answer.get("options") or ())
        for group in answer.get("option_groups") or ():
            options.extend(group["options"])
        self._offered[user, block["block_id"], action_id] = options
        return options

    # --- commands and shortcuts

    def _may_use_app(self, user: str, kind: str, name: str, declared: frozenset[str] | None) -> None:
        """Commands and shortcuts need the manifest, the `commands` scope, and the app in the person's own team."""
        person = self._person(user)
        if declared is not None and name not in declared:
            raise NotPossible(f"the app has no {kind} {name}")
        if "commands" not in self._backstage.granted:
            raise NotPossible("the app has not the scope commands")
        if not (person.team_id == self._workspace.team.id or self._workspace.teams[person.team_id].app_installed):
            raise NotPossible(f"the app is not installed in the team of {user}: no {kind} there")

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Outcome:
        """Type a slash command (never in a thread); what the app acknowledges with is shown.

        Args:
            text: What stands behind it; escaped as for a command that is declared with `should_escape`.

        Raises:
            NotPossible: not a member, no such command.
        """
        place = self._inside(user, channel)
        self._may_use_app(user, "command", command, self._workspace.app.commands)
        payload = payloads.slash_command(self._backstage, self._person(user), place, command, as_typed(text))
        ack = await self._backstage.sockets.send("slash_commands", payload, accepts_payload=True)
        if not ack.acked:
            return self._failed(user, command, ack.reason)
        if ack.payload:
            answer = ResponseUrl("", user, channel, self._workspace.now())
            try:
                respond(self._backstage, answer, ack.payload)
            except SlackError as error:
                self._workspace.violation(command, f"{error.error} {'; '.join(error.messages)}".strip())
                return self._failed(user, command, error.error)
        return Outcome(ok=True)

    async def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Outcome:
        """Use a message shortcut from a message's menu.

        Raises:
            NotPossible: the message is not there for this person, or no such shortcut.
        """
        message = self._visible(user, channel, ts)
        if message.visible_to is not None:
            raise NotPossible("ephemeral messages have no shortcuts")
        self._may_use_app(user, "shortcut", callback_id, self._workspace.app.shortcuts)
        payload = payloads.message_action(self._backstage, self._person(user), callback_id, message)
        return await self._interact(user, f"shortcut {callback_id}", payload)

    async def global_shortcut(self, user: str, callback_id: str) -> Outcome:
        """Use a global shortcut.

        Raises:
            NotPossible: no such shortcut.
        """
        self._may_use_app(user, "shortcut", callback_id, self._workspace.app.shortcuts)
        payload = payloads.shortcut(self._backstage, self._person(user), callback_id)
        return await self._interact(user, f"shortcut {callback_id}", payload)
