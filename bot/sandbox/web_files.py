"""Files at the sandbox's page: attached to customers' mails, and shown or downloaded in Slack.

What people attach is anything, and comes back from the page's own address: so only what begins like a picture is ever
shown, everything else is only downloaded, and nothing of it may run (the policy of the answer forbids all).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from importlib.resources import files as package_files
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.slack.model import File, NotPossible
from bot.sandbox.slack.people_base import Upload
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.web_letters import Enclosed

MOST_FILES = 20
LARGEST = 8 * 1024 * 1024
"""Octets of all files of one mail together."""

_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_READY_MADE = {
    "system-status.log": (
        b"# get system status\nVersion: FortiGate-121G v7.4.4,build2662 (GA.M)\nSerial-Number: FG121GTK25004672\n"
        b"Log hard disk: Not available\nHostname: mleczarnia-fw1\nSystem time: Tue Nov 24 09:58:12 2026\n"
    ),
    "naprawa.exe": b"MZ\x90\0" + b"\0" * 60 + b"This is no program, it only begins like one.",
}


class SentFile(BaseModel):
    """A file that the visitor chose; its content in base64."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    content: Annotated[str, Field(max_length=LARGEST * 4 // 3 + 4)]


def enclosed(sent: Sequence[SentFile], ready_made: Sequence[str]) -> list[Enclosed]:
    """What is attached to a mail: the visitor's own files, and ready-made ones by their names.

    Raises:
        NotPossible: too large, or no base64.
        LookupError: there is no such ready-made file.
    """
    try:
        own = [Enclosed(file.name, base64.b64decode(file.content, validate=True)) for file in sent]
    except binascii.Error:
        raise NotPossible("a file did not arrive whole") from None
    files = [*(_ready_made(name) for name in ready_made), *own]
    if sum(len(file.content) for file in files) > LARGEST:
        raise NotPossible(f"the files are too large for the sandbox: {LARGEST // 1024**2} MB together")
    return files


def entered(value: object) -> object:
    """What a visitor entered into a form, with chosen files as the stand-in takes them.

    Raises:
        NotPossible: the files are too large, or no base64.
    """
    if not isinstance(value, list) or not any(isinstance(one, dict) and "content" in one for one in value):
        return value
    files = enclosed([SentFile.model_validate(one) for one in value if isinstance(one, dict)], [])
    return [Upload(file.name, file.content) for file in files]


def _ready_made(name: str) -> Enclosed:
    if name == "konsola.jpg":
        return Enclosed(name, package_files("bot.sandbox").joinpath("data", "console.jpg").read_bytes())
    return Enclosed(name, _READY_MADE[name])


def picture_type(content: bytes) -> str | None:
    """The type of a picture that the page shows; None for everything else."""
    return next((kind for begin, kind in _PICTURES if content.startswith(begin)), None)


def as_picture(workspace: Workspace, file_id: str) -> web.Response:
    """A file in Slack, to be shown. Raises HTTPNotFound for what is no picture."""
    file = _file(workspace, file_id)
    kind = picture_type(file.content)
    if kind is None:
        raise web.HTTPNotFound
    return web.Response(body=file.content, content_type=kind, headers={"Content-Security-Policy": _POLICY})


def as_download(workspace: Workspace, file_id: str) -> web.Response:
    """A file in Slack, to be saved."""
    file = _file(workspace, file_id)
    headers = {
        "Content-Security-Policy": _POLICY,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
    }
    return web.Response(body=file.content, content_type="application/octet-stream", headers=headers)


def _file(workspace: Workspace, file_id: str) -> File:
    file = workspace.files.get(file_id)
    if file is None or not file.uploaded or file.deleted:
        raise web.HTTPNotFound
    return file
