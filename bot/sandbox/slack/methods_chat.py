"""chat.*: posting, updating and deleting messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blocks_check import MAX_TEXT, check_message_blocks, check_metadata
from bot.sandbox.slack.call import Arguments, Call
from bot.sandbox.slack.element_state import with_ids
from bot.sandbox.slack.model import Channel, Json, Message, SlackError
from bot.sandbox.slack.shapes import message_json
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shall show; None where the caller said nothing about it."""

    text: str | None
    blocks: list[Json] | None
    attachments: list[Json] | None
    metadata: Json | None
    metadata_given: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text or self.blocks or self.attachments)


def read_content(workspace: Workspace, args: Arguments, where: str) -> Content:
    """The checked content of a message, from a call or from what was sent to a response_url.

    Blocks without a fallback text are noted as a violation: notifications and screen readers would show nothing.

    Raises:
        SlackError: `msg_too_long`, `invalid_blocks`, `msg_blocks_too_long`, `invalid_metadata_...` and their like.
    """
    text = args.text("text") if "text" in args else args.text("markdown_text")
    if "text" in args and "markdown_text" in args:
        raise SlackError("markdown_text_conflict")
    if text is not None and len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    blocks: list[Json] | None = None
    if "blocks" in args:
        blocks = with_ids(check_message_blocks(args.structure("blocks", "invalid_blocks_format")))
    attachments = args.structure("attachments", "invalid_attachments")
    if attachments is not None and not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    metadata_given = "metadata" in args
    metadata = check_metadata(args.structure("metadata", "invalid_metadata_format")) if metadata_given else None
    if blocks and not (text or "").strip():
        workspace.violation(where, "blocks without a fallback text")
    return Content(text, blocks, attachments, metadata, metadata_given)


def bot_message(workspace: Workspace, channel: Channel, content: Content, **fields: Any) -> Message:
    """A new message of our bot."""
    return Message(
        ts=workspace.new_ts(),
        channel=channel.id,
        user=workspace.bot_user.id,
        text=content.text or "",
        team=workspace.team.id,
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        metadata=content.metadata,
        bot_id=workspace.bot_id,
        app_id=workspace.app_id,
        **fields,
    )


def apply_content(message: Message, content: Content, edited: Json) -> None:
    """Change a message as `chat.update` does.

    Text without blocks removes the blocks and marks the message as edited; blocks show no such mark.
    """
    if content.blocks is not None or content.text is not None:
        message.blocks = content.blocks or []
        message.edited = None if message.blocks else edited
    if content.text is not None:
        message.text = content.text
    if content.attachments is not None:
        message.attachments = content.attachments
    if content.metadata_given:
        message.metadata = content.metadata


def _refuse_retired_arguments(call: Call) -> None:
    if "as_user" in call.args:
        raise SlackError("invalid_arguments", ("[ERROR] deprecated argument: as_user",))
    if "username" in call.args or "icon_emoji" in call.args or "icon_url" in call.args:
        call.need_scope("chat:write.customize")


def post_message(call: Call) -> Json:
    """chat.postMessage."""
    _refuse_retired_arguments(call)
    channel = call.channel_to_post(call.args.required("channel"))
    content = read_content(call.workspace, call.args, call.facts.name)
    if content.is_empty:
        raise SlackError("no_text")
    thread_ts = call.backstage.thread_for(channel, call.args.text("thread_ts"), call.facts.name)
    broadcast = thread_ts is not None and call.args.flag("reply_broadcast")
    message = bot_message(
        call.workspace,
        channel,
        content,
        thread_ts=thread_ts,
        subtype="thread_broadcast" if broadcast else None,
        username=call.args.text("username"),
    )
    call.backstage.post(message)
    shape = message_json(call.workspace, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shape}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral."""
    _refuse_retired_arguments(call)
    channel = call.channel_to_post(call.args.required("channel"))
    user = call.args.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call.workspace, call.args, call.facts.name)
    if content.is_empty:
        raise SlackError("no_text")
    thread_ts = call.backstage.thread_for(channel, call.args.text("thread_ts"), call.facts.name)
    message = bot_message(call.workspace, channel, content, thread_ts=thread_ts, visible_to=user)
    call.backstage.post_ephemeral(message)
    return {"message_ts": message.ts}


def own_message(call: Call, error: str) -> Message:
    """The message of our bot that `channel` and `ts` name.

    Raises:
        SlackError: `channel_not_found`, `message_not_found`, or `error` when it is somebody else's.
    """
    channel = call.workspace.channels.get(call.args.required("channel"))
    if channel is None or not call.is_member(channel):
        raise SlackError("channel_not_found")
    message = channel.messages.get(call.args.required("ts"))
    if message is None or message.is_tombstone:
        raise SlackError("message_not_found")
    if message.bot_id != call.workspace.bot_id:
        raise SlackError(error)
    return message


def update(call: Call) -> Json:
    """chat.update."""
    _refuse_retired_arguments(call)
    message = own_message(call, "cant_update_message")
    if call.workspace.channels[message.channel].is_archived:
        raise SlackError("is_archived")
    content = read_content(call.workspace, call.args, call.facts.name)
    if content.is_empty and not content.metadata_given:
        raise SlackError("no_text")
    workspace = call.workspace
    edited = {"user": workspace.bot_user.id, "ts": workspace.new_ts()}
    call.backstage.change(message, lambda changed: apply_content(changed, content, edited))
    shape = message_json(workspace, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shape}


def delete(call: Call) -> Json:
    """chat.delete."""
    message = own_message(call, "cant_delete_message")
    call.backstage.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.workspace.channels.get(call.args.required("channel"))
    if channel is None or (channel.kind != "public" and not call.is_member(channel)):
        raise SlackError("channel_not_found")
    message = channel.messages.get(call.args.required("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    address = f"https://{call.workspace.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
}
