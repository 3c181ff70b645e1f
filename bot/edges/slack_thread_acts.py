"""Renders what was done to a ticket, a line for each thing (`Note.ACTED`).

What `PostInThread.data` holds beside `event` (JSON values):

| event                                   | data                                                                      |
| --------------------------------------- | ------------------------------------------------------------------------- |
| assigned                                | by, to (user ids); previous?                                              |
| held, reopened, woken, spam             | by                                                                        |
| snoozed, snooze_over                    | by, reason ("" for none); until (ISO 8601: snoozed)                       |
| snooze_answered                         |                                                                           |
| linked, merged_into, split_off,         | by, number (of the other ticket)                                          |
| split_from                              |                                                                           |
| merged_from                             | by, number, people [str]: who is new in the conversation                  |
| call                                    | by, direction, person, text, at (ISO 8601), next_turn                     |
| resolution_note                         | by, text                                                                  |
"""

from __future__ import annotations

from bot.edges.slack_text import Json, named, person, text
from bot.edges.slack_thread_post import Post


def acted(post: Post) -> list[Json]:
    """The line, and below it what somebody wrote down."""
    event = post.get("event")
    match event:
        case "assigned":
            return [post.say("acted_assigned", by=person(post.get("by")), to=person(post.get("to")))]
        case "snoozed" | "snooze_over":
            said = post.say(f"acted_{event}", by=person(post.get("by")), until=post.instant("until"))
            return [said, *_reason(post)]
        case "merged_from":
            listed = post.data.get("people")
            people = [person(str(one)) for one in listed] if isinstance(listed, list) else []
            said = post.say("acted_merged_from", by=person(post.get("by")), number=post.get("number"))
            with_commas = [element for one in people for element in (text(", "), one)][1:]
            return [said, post.say("acted_merged_people", "bold", people=with_commas)] if people else [said]
        case "call":
            return _call(post)
        case "resolution_note":
            head = post.say("acted_resolution_note", "bold", by=person(post.get("by")))
            return [head, post.quoted(head)]
        case _:
            known = f"thread.acted_{event}" in post.words
            sentence = f"acted_{event}" if known else "acted_other"
            return [post.say(sentence, by=person(post.get("by")), number=post.get("number"), event=event)]


def _reason(post: Post) -> list[Json]:
    return [post.say("acted_reason", "italic", reason=post.get("reason"))] if post.get("reason") else []


def _call(post: Post) -> list[Json]:
    direction = post.named("call_direction", "direction")
    head = post.say("acted_call", "bold", direction=direction, by=person(post.get("by")), at=post.instant("at"))
    with_ = [post.say("acted_call_with", person=named(post.get("person")))] if post.get("person") else []
    turn = post.say("acted_call_turn", "italic", turn=post.named("call_turn", "next_turn"))
    return [head, *with_, post.quoted(head, *with_, turn), turn]
