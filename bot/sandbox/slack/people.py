"""The people of the workspace: everything that they can do, with the same checks as Slack's own client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.blocks_check import check_view
from bot.sandbox.slack.element_state import complaint, picked, state_key
from bot.sandbox.slack.methods_views import close_views, push_view, replace_view
from bot.sandbox.slack.model import Json, NotPossible, SlackError, View
from bot.sandbox.slack.people_base import Outcome, Upload
from bot.sandbox.slack.people_interactions import InteractionPeople
from bot.sandbox.slack.people_messages import MessagePeople
from bot.sandbox.slack.shapes import file_json

WHOLE_VIEW = "*"
TROUBLE = "We had some trouble connecting. Try again?"


class People(MessagePeople, InteractionPeople):
    """Acts of people; users, channels and messages by their ids.

    Whatever Slack's client would not offer raises `NotPossible`.
    """

    def __init__(self, backstage: Backstage) -> None:
        super().__init__(backstage)
        self._offered = {}

    def open_views(self, user: str) -> list[View]:
        """The modals that this person has open, the visible one last."""
        return self._workspace.open_views(user)

    async def fill(self, user: str, view_id: str, field: str, value: Any) -> None:
        """Enter something into a modal's field without submitting; tells the app where it asked for it.

        Args:
            user: Who enters it.
            view_id: The visible modal.
            field: The block_id or action_id of the field, or `block_id/action_id`.
            value: Text, option value(s), id(s), date, time, or a list of `Upload`; None clears it.

        Raises:
            NotPossible: no such field, or it does not take this.
        """
        view = self._modal(user, view_id)
        block, element = _field(view, field)
        choice = self._entered(user, block, element, value)
        entry = {"type": element["type"], str(state_key(element["type"])): choice}
        view.state[block["block_id"]][element["action_id"]] = entry
        view.errors.pop(block["block_id"], None)
        self._workspace.changed()
        if block.get("dispatch_action") or block["type"] != "input":
            action = payloads.action_json(self._backstage, block, element, choice)
            payload = payloads.block_actions_in_view(self._backstage, self._person(user), view, action)
            await self._interact(user, f"fill {field}", payload)

    def _entered(self, user: str, block: Json, element: Json, value: Any) -> Any:
        if element["type"] == "file_input":
            uploads: list[Upload] = list(value or ())
            if len(uploads) > int(element.get("max_files", 10)):
                raise NotPossible(f"no more than {element.get('max_files', 10)} files")
            files = [self._store(user, upload) for upload in uploads]
            return [file_json(self._workspace, file, self._workspace.base_url) for file in files]
        if element["type"].endswith("external_select"):
            offered = self._offered.get((user, block["block_id"], element["action_id"]), [])
            return picked(self._workspace, element, value, offered)
        return picked(self._workspace, element, value)

    async def submit_view(
        self, user: str, view_id: str, values: Mapping[str, Any] | None = None
    ) -> dict[str, str] | None:
        """Fill in fields and submit the visible modal.

        Args:
            user: Who submits.
            view_id: The visible modal.
            values: Field -> value, as for `fill`; fields that are not named keep what they show.

        Returns:
            None when it was taken (the modal is closed, changed, or another one lies above it); otherwise what is
            wrong, by block_id, or under `*` when the app did not answer.

        Raises:
            NotPossible: the modal is not visible or cannot be submitted, or a field does not take its value.
        """
        view = self._modal(user, view_id)
        if "submit" not in view.body:
            raise NotPossible(f"{view_id} has no submit button")
        for field, value in (values or {}).items():
            await self.fill(user, view_id, field, value)
        errors = _client_errors(view)
        if errors:
            return self._show_errors(view, errors)
        payload = payloads.view_submission(self._backstage, self._person(user), view)
        ack = await self._backstage.sockets.send("interactive", payload, accepts_payload=True)
        if not ack.acked:
            self._failed(user, f"submit {view.body.get('callback_id', '')}", ack.reason)
            return self._show_errors(view, {WHOLE_VIEW: TROUBLE})
        return self._after_submission(view, ack.payload or {})

    def _show_errors(self, view: View, errors: dict[str, str]) -> dict[str, str]:
        view.errors = dict(errors)
        self._workspace.changed()
        return errors

    def _after_submission(self, view: View, answer: Json) -> dict[str, str] | None:
        """Do what the acknowledgement says: nothing closes this view; errors, update, push, clear."""
        where = f"submit {view.body.get('callback_id', '')}"
        action = answer.get("response_action")
        try:
            if action == "errors":
                return self._answered_errors(view, answer)
            if action == "update":
                replace_view(self._workspace, view, check_view(answer.get("view"), "modal"))
            elif action == "push":
                push_view(self._workspace, view.user, check_view(answer.get("view"), "modal"))
            elif action == "clear":
                close_views(self._workspace, view.user)
            elif answer:
                raise SlackError("invalid_arguments", (f"[ERROR] answer not understood: {sorted(answer)}",))
            elif view.id in self._workspace.views:
                close_views(self._workspace, view.user, self._workspace.stacks[view.user].index(view.id))
        except SlackError as error:
            self._workspace.violation(where, f"{error.error} {'; '.join(error.messages)}".strip())
            self._workspace.user_error(view.user, where, TROUBLE)
            return self._show_errors(view, {WHOLE_VIEW: TROUBLE})
        return None

    def _answered_errors(self, view: View, answer: Json) -> dict[str, str]:
        errors = answer.get("errors")
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
            raise SlackError("invalid_arguments", (f"[ERROR] errors must name input blocks of the view: {errors}",))
        return self._show_errors(view, {str(key): str(words) for key, words in errors.items()})

    async def close_view(self, user: str, view_id: str) -> Outcome:
        """Close the visible modal with its close button (and all below where the view says so)."""
        view = self._modal(user, view_id)
        everything = bool(view.body.get("clear_on_close"))
        stack = self._workspace.stacks[user]
        payload = payloads.view_closed(self._backstage, self._person(user), view, is_cleared=everything)
        close_views(self._workspace, user, 0 if everything else len(stack) - 1)
        if not view.body.get("notify_on_close"):
            return Outcome(ok=True)
        return await self._interact(user, "close", payload)


def _field(view: View, field: str) -> tuple[Json, Json]:
    found = []
    for block in view.body["blocks"]:
        elements = [block.get("element"), block.get("accessory"), *block.get("elements", ())]
        for element in elements:
            if not isinstance(element, dict) or not state_key(element.get("type", "")):
                continue
            names = (block["block_id"], element["action_id"], f"{block['block_id']}/{element['action_id']}")
            if field in names:
                found.append((block, element))
    if len(found) != 1:
        raise NotPossible(f"field {field}: {len(found)} found in {list(view.state)}")
    return found[0]


def _client_errors(view: View) -> dict[str, str]:
    errors = {}
    for block in view.body["blocks"]:
        if block["type"] == "input":
            words = complaint(block, view.state[block["block_id"]][block["element"]["action_id"]])
            if words:
                errors[block["block_id"]] = words
    return errors
