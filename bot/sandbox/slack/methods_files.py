"""files.*: uploads in three steps, sharing afterwards and asynchronously, and downloads with the token.

https://docs.slack.dev/messaging/working-with-files: `files.getUploadURLExternal`, a POST of the octets to that address,
`files.completeUploadExternal`.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial

from aiohttp import web

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.call import Call
from bot.sandbox.slack.faults import ApiFault
from bot.sandbox.slack.methods_chat import bot_message, read_content
from bot.sandbox.slack.model import Channel, File, Json, Message, SlackError
from bot.sandbox.slack.shapes import file_json

SHARE_DELAY = 0.02


def get_upload_url(call: Call) -> Json:
    """files.getUploadURLExternal."""
    workspace = call.workspace
    size = call.args.number("length", 0)
    if size <= 0:
        raise SlackError("invalid_arguments", ("[ERROR] must be greater than 0 [json-pointer:/length]",))
    file = File(
        workspace.new_id("F"),
        call.args.required("filename"),
        size,
        workspace.bot_user.id,
        workspace.epoch(),
        secrets.token_hex(16),
        alt_txt=call.args.text("alt_txt") or "",
    )
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.base_url}/upload/v1/{file.secret}", "file_id": file.id}


async def take_upload(backstage: Backstage, request: web.Request) -> web.Response:
    """The upload address: takes the octets, raw or as a multipart field. Faults hit it as the method "upload"."""
    workspace = backstage.workspace
    secret = request.match_info["secret"]
    file = next((file for file in workspace.files.values() if file.secret == secret), None)
    if file is None or file.uploaded:
        return web.Response(status=404, text="not found")
    faults = backstage.faults.take("upload", {"filename": file.name, "length": file.size})
    await asyncio.sleep(sum(fault.seconds for fault in faults if fault.kind == "slow"))
    fatal = next((fault for fault in faults if fault.kind != "slow"), None)
    if fatal is not None and not fatal.after_effect:
        return _broken(fatal, request)
    try:
        content = await _octets(request)
    except ConnectionResetError:
        return web.Response(status=400)
    if len(content) != file.size:
        workspace.violation("upload", f"announced {file.size} octets, sent {len(content)}")
        return web.Response(status=400, text="length does not match")
    file.content, file.uploaded = content, True
    workspace.changed()
    return web.Response(text=f"OK - {len(content)}") if fatal is None else _broken(fatal, request)


async def _octets(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    field = next(iter((await request.post()).values()))
    return field.file.read() if isinstance(field, web.FileField) else str(field).encode()


def _broken(fault: ApiFault, request: web.Request) -> web.Response:
    """An HTTP status, or an end of the connection in the middle of the upload."""
    if fault.kind == "drop" and request.transport is not None:
        request.transport.abort()
    return web.Response(status=fault.status if fault.kind == "status" else 400)


def complete_upload(call: Call) -> Json:
    """files.completeUploadExternal: answers at once; the message with the files appears a little later."""
    workspace = call.workspace
    wanted = call.args.structure("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(item, dict) for item in wanted):
        raise SlackError("invalid_arguments", ("[ERROR] must be a list of files [json-pointer:/files]",))
    files: list[File] = []
    for item in wanted:
        file = workspace.files.get(str(item.get("id")))
        if file is None or not file.uploaded or file.completed or file.deleted or file.user != workspace.bot_user.id:
            raise SlackError("file_not_found")
        file.title = str(item.get("title") or file.name)
        files.append(file)
    channels = [
        call.channel_to_post(channel)
        for channel in (call.args.text("channels") or call.args.text("channel_id") or "").split(",")
        if channel
    ]
    messages = [_message_with_files(call, channel, files) for channel in channels]
    for file in files:
        file.completed = True
    if not call.backstage.faults.take_unshared_file():
        for message in messages:
            call.backstage.later(SHARE_DELAY, partial(share, call.backstage, message))
    return {"files": [file_json(workspace, file, workspace.base_url) for file in files]}


def _message_with_files(call: Call, channel: Channel, files: list[File]) -> Message:
    args = type(call.args)({**call.args.raw, "text": call.args.text("initial_comment") or ""})
    content = read_content(call.workspace, args, call.facts.name)
    message = bot_message(
        call.workspace,
        channel,
        content,
        thread_ts=call.backstage.thread_for(channel, call.args.text("thread_ts"), call.facts.name),
        subtype="file_share",
    )
    message.files = [file.id for file in files]
    return message


def share(backstage: Backstage, message: Message) -> None:
    """Post a message with files, and note in the files where they are; deleted ones are left out."""
    workspace = backstage.workspace
    message.files = [file for file in message.files if not workspace.files[file].deleted]
    if not message.files:
        return
    message.ts = workspace.new_ts()
    channel = workspace.channels[message.channel]
    for file in message.files:
        place = {"ts": message.ts, "channel_name": channel.name, "team_id": message.team}
        if message.thread_ts:
            place["thread_ts"] = message.thread_ts
        workspace.files[file].shares.setdefault(message.channel, []).append(place)
    backstage.post(message)
    for file in message.files:
        backstage.events.file_shared(file, str(message.user), channel)


def file_info(call: Call) -> Json:
    """files.info; the file must be the bot's or in a conversation that the bot is in."""
    file = call.workspace.files.get(call.args.required("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    seen = any(call.is_member(call.workspace.channels[channel]) for channel in file.shares)
    if file.user != call.workspace.bot_user.id and not seen:
        raise SlackError("not_visible")
    return {"file": file_json(call.workspace, file, call.workspace.base_url), "comments": []}


def delete_file(call: Call) -> Json:
    """files.delete: takes a file of the bot's out of every message."""
    workspace = call.workspace
    file = workspace.files.get(call.args.required("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    if file.user != workspace.bot_user.id:
        raise SlackError("cant_delete_file")
    file.deleted, file.content = True, b""
    for place, shares in file.shares.items():
        for share_ in shares:
            message = workspace.channels[place].messages.get(share_["ts"])
            if message is not None:
                message.files = [other for other in message.files if other != file.id]
    workspace.changed()
    return {}


def download(backstage: Backstage, request: web.Request) -> web.Response:
    """`url_private`: the octets for who shows the token; a sign-in page with status 200 for everybody else."""
    workspace = backstage.workspace
    file = workspace.files.get(request.match_info["file"].partition("-")[2])
    allowed = request.headers.get("Authorization") == f"Bearer {workspace.bot_token}"
    if not allowed or "files:read" not in backstage.granted:
        return web.Response(text="<!DOCTYPE html><html><title>Sign in | Slack</title></html>", content_type="text/html")
    if file is None or not file.uploaded or file.deleted:
        return web.Response(status=404, text="not found")
    return web.Response(body=file.content, content_type="application/octet-stream")


METHODS = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": file_info,
    "files.delete": delete_file,
}
