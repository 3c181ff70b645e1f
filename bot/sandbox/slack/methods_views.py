"""views.*: modals and the Home tab."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.blocks_check import check_view
from bot.sandbox.slack.call import Call
from bot.sandbox.slack.element_state import initial_state, with_ids
from bot.sandbox.slack.model import Json, SlackError, Trigger, View
from bot.sandbox.slack.shapes import view_json
from bot.sandbox.slack.workspace import Workspace

TRIGGER_LIFETIME = timedelta(seconds=3)
MAX_STACK = 3


def _exchange(call: Call) -> Trigger:
    trigger = call.workspace.triggers.get(call.args.required("trigger_id"))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    elapsed = asyncio.get_running_loop().time() - trigger.issued_monotonic
    if call.workspace.now() - trigger.issued_at > TRIGGER_LIFETIME or elapsed > TRIGGER_LIFETIME.total_seconds():
        raise SlackError("expired_trigger_id")
    trigger.used = True
    return trigger


def new_view(workspace: Workspace, user: str, body: Json, below: View | None = None) -> View:
    """A view for this user, not shown yet.

    Raises:
        SlackError: `duplicate_external_id`.
    """
    external_id = body.get("external_id")
    if external_id and any(view.body.get("external_id") == external_id for view in workspace.views.values()):
        raise SlackError("duplicate_external_id")
    view_id = workspace.new_id("V")
    blocks = with_ids(body["blocks"])
    return View(
        id=view_id,
        user=user,
        body={**body, "blocks": blocks},
        hash=_new_hash(workspace),
        root_id=below.root_id if below else view_id,
        previous_id=below.id if below else None,
        state=initial_state(blocks),
    )


def _new_hash(workspace: Workspace) -> str:
    return f"{workspace.epoch()}.{secrets.token_hex(4)}"


def replace_view(workspace: Workspace, view: View, body: Json) -> None:
    """Give a view a new definition; what was entered in elements that stay is kept."""
    blocks = with_ids(body["blocks"])
    view.body = {**body, "blocks": blocks}
    view.state = initial_state(blocks, view.state)
    view.hash = _new_hash(workspace)
    view.errors.clear()
    workspace.changed()


def close_views(workspace: Workspace, user: str, above: int = 0) -> None:
    """Close the user's views from this place of the stack upwards."""
    stack = workspace.stacks.get(user, [])
    for view_id in stack[above:]:
        del workspace.views[view_id]
    del stack[above:]
    workspace.changed()


def push_view(workspace: Workspace, user: str, body: Json) -> View:
    """Show a view above those that the user has open.

    Raises:
        SlackError: `not_found` without an open view, `push_limit_reached` over three.
    """
    stack = workspace.stacks.setdefault(user, [])
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= MAX_STACK:
        raise SlackError("push_limit_reached")
    view = new_view(workspace, user, body, workspace.views[stack[-1]])
    _show(workspace, view)
    return view


def _show(workspace: Workspace, view: View) -> None:
    workspace.views[view.id] = view
    workspace.stacks.setdefault(view.user, []).append(view.id)
    workspace.changed()


def open_modal(call: Call) -> Json:
    """views.open; what the user had open is gone then."""
    body = check_view(call.args.structure("view"), "modal")
    trigger = _exchange(call)
    view = new_view(call.workspace, trigger.user, body)
    close_views(call.workspace, trigger.user)
    _show(call.workspace, view)
    return {"view": view_json(call.workspace, view)}


def push_modal(call: Call) -> Json:
    """views.push; the trigger must come from the open modal."""
    body = check_view(call.args.structure("view"), "modal")
    trigger = _exchange(call)
    if trigger.view_id not in call.workspace.views:
        raise SlackError("not_found")
    return {"view": view_json(call.workspace, push_view(call.workspace, trigger.user, body))}


def _check_hash(call: Call, view: View | None) -> None:
    given = call.args.text("hash")
    if given and (view is None or given != view.hash):
        raise SlackError("hash_conflict")


def update_modal(call: Call) -> Json:
    """views.update, by `view_id` or `external_id`."""
    body = check_view(call.args.structure("view"), "modal")
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    for view in call.workspace.views.values():
        if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
            break
    else:
        raise SlackError("not_found")
    _check_hash(call, view)
    replace_view(call.workspace, view, body)
    return {"view": view_json(call.workspace, view)}


def publish_home(call: Call) -> Json:
    """views.publish: the Home tab of one user."""
    body = check_view(call.args.structure("view"), "home")
    user = call.args.required("user_id")
    if user not in call.workspace.users:
        raise SlackError("invalid_arguments", ("[ERROR] no such user [json-pointer:/user_id]",))
    home = call.workspace.home(user)
    _check_hash(call, home)
    if home is None:
        home = new_view(call.workspace, user, body)
        call.workspace.homes[user] = home
        call.workspace.changed()
    else:
        replace_view(call.workspace, home, body)
    return {"view": view_json(call.workspace, home)}


def app_connections_open(backstage: Backstage) -> Json:
    """apps.connections.open: the address of a WebSocket that works once."""
    base = backstage.workspace.base_url.replace("http", "ws", 1)
    return {"url": f"{base}/link?ticket={backstage.sockets.issue_ticket()}&app_id={backstage.workspace.app_id}"}


METHODS = {
    "views.open": open_modal,
    "views.push": push_modal,
    "views.update": update_modal,
    "views.publish": publish_home,
}
