"""Renders an engineer's words to a customer, and what became of them."""

from __future__ import annotations

from datetime import datetime

from bot.edges.slack_text import Json, named, one_line, person
from bot.edges.slack_thread_post import MAX_FILE_NAME, MAX_FILES, Post


def engineer_reply(post: Post) -> list[Json]:
    """Who wrote to whom, the words, and what became of them."""
    status = post.get("status")
    goes = status in {"waiting", "sending", "sent"}
    address = named(post.get("to"))
    where = "" if isinstance(address, str) else "_in_channel"
    heading = post.say(
        f"reply{where}" if goes else f"reply_not{where}", "bold", author=person(post.get("author")), address=address
    )
    below = [_reply_mark(post, status)]
    if post.data.get("changed"):
        below.insert(0, post.say("reply_changed", "italic"))
    if post.data.get("from_thread"):
        below.insert(0, post.say("reply_from_thread", "italic"))
    files = post.data.get("files")
    if isinstance(files, list) and files:
        names = ", ".join(one_line(str(name), MAX_FILE_NAME) for name in files[:MAX_FILES])
        below.insert(0, post.say("reply_files", files=names))
    return [heading, post.quoted(heading, *below), *below]


def _second(post: Post) -> str:
    """When it goes, to the second: there are only a few of them."""
    return f"{datetime.fromisoformat(post.get('until')).astimezone(post.zone):%H:%M:%S}"


def _reply_mark(post: Post, status: str) -> Json:
    """What became of it, in the last line."""
    match status:
        case "waiting":
            return post.say("reply_waiting", "italic", until=_second(post))
        case "sent":
            return post.say("reply_sent", "bold", at=post.instant("at"))
        case "failed":
            return post.say("reply_failed", "bold", reason=post.reason())
        case "undone" | "deleted" | "became_note":
            return post.say(f"reply_{status}", "bold", by=post.by())
        case "no_files":
            return post.say("reply_no_files", "bold", reason=post.reason())
        case "withheld":
            return post.say("reply_withheld", "bold", state=post.named("state", "state"))
        case _:
            return post.say("reply_sending", "italic")
