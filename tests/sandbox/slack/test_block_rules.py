"""Block Kit's rules, one row each: what is fine, what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.blocks_check import check_message_blocks, check_metadata, check_options, check_view
from bot.sandbox.slack.model import SlackError

Blocks = list[dict[str, Any]]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn("x"), **fields}


def actions(*elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **fields}


def button(action_id: str = "a", **fields: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain("OK"), **fields}


def option(value: str = "v", text: str = "t") -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def options(count: int) -> list[dict[str, Any]]:
    return [option(str(number)) for number in range(count)]


def select(**fields: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "placeholder": plain("p"), "options": options(2), **fields}


def field(element: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    chosen = element or {"type": "plain_text_input", "action_id": "i"}
    return {"type": "input", "block_id": "b", "label": plain("L"), "element": chosen, **fields}


CONFIRM = {"title": plain("t"), "text": mrkdwn("x"), "confirm": plain("y"), "deny": plain("n")}

GOOD: list[dict[str, Any]] = [
    section(),
    section(text=mrkdwn("x" * 3000), fields=[*[plain("x")] * 9, plain("x" * 2000)], accessory=button(confirm=CONFIRM)),
    section(accessory=select(initial_option=option("1"))),
    {"type": "section", "fields": [mrkdwn("only fields")]},
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    actions(button(value="x" * 2000), *[button(str(number), style="danger") for number in range(24)]),
    actions({"type": "overflow", "action_id": "o", "options": options(5)}),
    actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-02-28"}),
    actions({"type": "multi_users_select", "action_id": "m", "placeholder": plain("p")}),
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "obraz"},
    {"type": "markdown", "text": "**x**"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
    field(),
    field({"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1"}),
    field({"type": "file_input", "action_id": "f", "max_files": 3, "filetypes": ["log"]}),
    field({"type": "radio_buttons", "action_id": "r", "options": [option("a"), option("b")]}),
    field(select(options=options(100))),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block)[:60])
def test_good_blocks_pass(block: dict[str, Any]) -> None:
    assert check_message_blocks([block]) == [block]


BAD: list[tuple[Blocks, str]] = [
    ([{"type": "divider"}] * 51, "/blocks]"),
    ([section(text=mrkdwn("x" * 3001))], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section(text=mrkdwn(""))], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "text or fields"),
    ([section(fields=[mrkdwn("x" * 2001)])], "/blocks/0/fields/0/text"),
    ([section(fields=[mrkdwn("x")] * 11)], "no more than 10 items"),
    ([section(text={"type": "html", "text": "x"})], "/blocks/0/text/type"),
    ([section(text={"type": "mrkdwn", "text": "x", "emoji": True})], "/blocks/0/text/emoji"),
    ([section(color="red")], "invalid additional property: color"),
    ([section(block_id="x" * 256)], "/blocks/0/block_id"),
    ([section(accessory={"type": "plain_text_input", "action_id": "i"})], "unsupported type: plain_text_input"),
    ([{"type": "carousel", "elements": []}], "unsupported type: carousel"),
    ([{"text": mrkdwn("x")}], "unsupported type: None"),
    ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type"),
    ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items"),
    ([{"type": "context", "elements": [button()]}], "unsupported type: button"),
    ([{"type": "context", "elements": []}], "no fewer than 1 items"),
    ([actions(*[button(str(number)) for number in range(26)])], "no more than 25 items"),
    ([actions()], "no fewer than 1 items"),
    ([actions(button("a"), button("a"))], "`action_id` a already exists"),
    ([section(block_id="b"), section(block_id="b")], "`block_id` b already exists"),
    ([actions(button(text=plain("x" * 76)))], "less than 76"),
    ([actions(button(text=mrkdwn("x")))], "unsupported type: mrkdwn"),
    ([actions(button(value="x" * 2001))], "less than 2001"),
    ([actions(button(style="green"))], "must be one of danger, primary"),
    ([actions(button(url="javascript:alert(1)"))], "/blocks/0/elements/0/url"),
    ([actions(button(action_id="x" * 256))], "less than 256"),
    ([actions(button(confirm={"title": plain("t")}))], "missing required field: text"),
    ([actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))], "less than 101"),
    ([actions(select(options=options(101)))], "no more than 100 items"),
    ([actions(select(options=[]))], "no fewer than 1 items"),
    ([actions(select(options=[option("v", "x" * 76)]))], "less than 76"),
    ([actions(select(options=[option("x" * 151)]))], "less than 151"),
    ([actions(select(options=[option("1"), option("1")]))], "option values must be unique"),
    ([actions(select(option_groups=[{"label": plain("g"), "options": options(1)}]))], "exactly one of options"),
    ([actions(select(placeholder=plain("x" * 151)))], "less than 151"),
    ([actions(select(initial_option=option("9")))], "must exactly match"),
    ([actions({"type": "overflow", "action_id": "o", "options": options(6)})], "no more than 5 items"),
    ([actions({"type": "checkboxes", "action_id": "c", "options": options(11)})], "no more than 10 items"),
    ([actions({"type": "datepicker", "action_id": "d", "initial_date": "28.02.2026"})], "does not match"),
    ([{"type": "image", "image_url": "https://example.com/a.png"}], "missing required field: alt_text"),
    ([{"type": "image", "alt_text": "x"}], "exactly one of image_url, slack_file"),
    ([{"type": "image", "image_url": "https://e.pl/a.png", "alt_text": "x" * 2001}], "less than 2001"),
    ([field(label=plain("x" * 2001))], "less than 2001"),
    ([field({"type": "plain_text_input", "action_id": "i", "max_length": 3001})], "between 1 and 3000"),
    ([field({"type": "number_input", "action_id": "i"})], "is_decimal_allowed"),
    ([field({"type": "button", "action_id": "i", "text": plain("x")})], "unsupported type: button"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "less than 12001"),
    (
        [
            field({"type": "plain_text_input", "action_id": "i", "focus_on_load": True}, block_id=name)
            for name in ("b1", "b2")
        ],
        "only one element may have focus_on_load",
    ),
]


@pytest.mark.parametrize(("blocks", "words"), BAD, ids=[f"{words[:40]}-{n}" for n, (_, words) in enumerate(BAD)])
def test_bad_blocks_are_refused_with_the_place(blocks: Blocks, words: str) -> None:
    with pytest.raises(SlackError) as caught:
        check_message_blocks(blocks)
    assert caught.value.error == "invalid_blocks"
    assert any(words in message for message in caught.value.messages), caught.value.messages


def test_the_same_action_may_stand_in_several_blocks() -> None:
    assert check_message_blocks([actions(button("take")), actions(button("take"))])


@pytest.mark.parametrize("blocks", ["x", {"type": "divider"}, ["divider"]])
def test_what_is_no_list_of_blocks(blocks: Any) -> None:
    with pytest.raises(SlackError, match="invalid_blocks_format"):
        check_message_blocks(blocks)


def test_blocks_together_have_a_length() -> None:
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check_message_blocks([section(text=mrkdwn("ż" * 2900))] * 5)


def modal(**fields: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("T"), "submit": plain("OK"), "blocks": [field()], **fields}


def test_a_modal_and_a_home_tab_pass() -> None:
    assert check_view(modal(blocks=[{"type": "divider"}] * 100, private_metadata="x" * 3000), "modal")
    assert check_view({"type": "home", "blocks": [section()] * 100}, "home")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (modal(title=plain("x" * 25)), "less than 25"),
        (modal(title=mrkdwn("x")), "/view/title/type"),
        (modal(submit=plain("x" * 25)), "/view/submit"),
        (modal(close=plain("x" * 25)), "/view/close"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal(colour="red"), "invalid additional property: colour"),
        (modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type: markdown"),
        ({"type": "modal", "title": plain("T"), "blocks": [field()]}, "a submit button is required"),
        ({"type": "modal", "submit": plain("T"), "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "must be modal"),
        ("x", "must be an object"),
    ],
)
def test_bad_views_are_refused_with_the_place(view: Any, words: str) -> None:
    with pytest.raises(SlackError) as caught:
        check_view(view, "modal")
    assert caught.value.error == "invalid_arguments"
    assert any(words in message for message in caught.value.messages), caught.value.messages


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("x", "invalid_metadata_format"),
        ({"event_type": "has space", "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "t", "event_payload": []}, "invalid_metadata_schema"),
        ({"event_type": "t", "event_payload": {"k": "x" * 16_001}}, "metadata_too_large"),
    ],
)
def test_bad_metadata_is_refused(metadata: Any, error: str) -> None:
    with pytest.raises(SlackError, match=error):
        check_metadata(metadata)


def test_options_for_external_menus() -> None:
    assert check_options({"options": options(100)})
    wrong_answers: list[Any] = [
        {"options": options(101)},
        {"options": [option("v", "x" * 76)]},
        {"choices": []},
        "x",
    ]
    for wrong in wrong_answers:
        with pytest.raises(SlackError):
            check_options(wrong)
