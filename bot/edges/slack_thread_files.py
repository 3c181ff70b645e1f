"""Renders what the thread of a ticket says of files; `bot.edges.slack_thread` says what the data holds."""

from __future__ import annotations

from collections.abc import Mapping

from bot.edges.slack_text import Json, line, one_line, text
from bot.edges.slack_thread_post import MAX_FILE_NAME, MAX_FILES, Post
from bot.model import AttachmentVerdict
from bot.rules.file_words import file_kind, format_size


def files_of(post: Post) -> list[Json]:
    """A line for each file, first those that Slack does not show; names are code, taken for nothing more than names."""
    listed = post.data.get("files")
    if not isinstance(listed, list):
        return []
    not_shown = {AttachmentVerdict.HELD, AttachmentVerdict.DROPPED}
    files = sorted(
        (file for file in listed if isinstance(file, dict)), key=lambda file: file.get("verdict") not in not_shown
    )
    lines = [_file(post, file) for file in files[:MAX_FILES]]
    if len(files) > MAX_FILES:
        lines.append(line(text(post.words("and_more", count=len(files) - MAX_FILES))))
    if any(file.get("verdict") == AttachmentVerdict.HELD for file in files):
        lines.append(post.say("files_held", "italic", command=_list_command(post)))
    return lines


def _file(post: Post, file: Mapping[str, object]) -> Json:
    name, size, verdict = str(file.get("name")), file.get("size"), file.get("verdict")
    said = {
        "name": _file_name(name),
        "size": format_size(size if isinstance(size, int) else 0, post.words.language),
        "type": post.words(f"file_kind.{file_kind(name, str(file.get('type')))}"),
    }
    if verdict not in {AttachmentVerdict.HELD, AttachmentVerdict.DROPPED}:
        return post.say("file", **said)
    reason, _, found = str(file.get("reason")).partition(": ")
    known = f"file_reason.{reason}" in post.words
    why = post.words(f"file_reason.{reason}", found=one_line(found, MAX_FILE_NAME)) if known else reason
    return post.say(f"file_{verdict}", **said, reason=why)


def _file_name(name: str) -> Json:
    return text(one_line(name, MAX_FILE_NAME), "code")


def _list_command(post: Post) -> Json:
    return text(f"hezo360 attachments list {one_line(post.get('number'), MAX_FILE_NAME)}", "code")


def customer_files(post: Post) -> list[Json]:
    """`Note.CUSTOMER_FILES`: what a customer shared, once it is here, and what cannot be had."""
    files, missing = files_of(post), post.data.get("missing")
    lines = [post.say("customer_files"), *files]
    if isinstance(missing, list) and missing:
        names = one_line(", ".join(one_line(str(name), MAX_FILE_NAME) for name in missing), 2 * MAX_FILE_NAME)
        lines.append(post.say("customer_files_missing", "bold", names=names, reason=post.reason()))
    return lines


def files_not_shown(post: Post) -> list[Json]:
    """`Note.FILES_NOT_SHOWN`: where they can be had instead."""
    names = post.data.get("names")
    listed = names[:MAX_FILES] if isinstance(names, list) else []
    why = post.say("files_not_shown", "bold", reason=post.reason(), command=_list_command(post))
    return [why, *(line(_file_name(str(name))) for name in listed)]
