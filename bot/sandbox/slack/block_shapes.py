"""Block Kit as data: which blocks and elements exist, where they may stand, and their limits.

From the Block Kit reference (docs.slack.dev/reference/block-kit). What a support bot has no use for (calls, video,
cards, plans, rich text inputs, `response_url_enabled`, `default_to_current_conversation`) is unknown here and refused.
"""

from __future__ import annotations

from bot.sandbox.slack.json_shapes import AnyJson, Boolean, Integer, Many, Object, OneOf, Shape, String, Text, Typed

_IDENTIFIER = String(255)
_DATE = String(10, pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = String(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")
_URL = String(3000, pattern=r"(https?|mailto|slack):\S+")
_PLACEHOLDER = Text(150, plain_only=True)
_USER = String(20, pattern=r"[UW][A-Z0-9]+")
_CONVERSATION = String(20, pattern=r"[CDGUW][A-Z0-9]+")

CONFIRM = Object(
    {
        "title": Text(100, plain_only=True),
        "text": Text(300),
        "confirm": Text(30, plain_only=True),
        "deny": Text(30, plain_only=True),
        "style": OneOf(frozenset({"primary", "danger"})),
    },
    required=("title", "text", "confirm", "deny"),
)
_PLAIN_OPTION = Object(
    {"text": Text(75, plain_only=True), "value": String(150), "description": Text(75, plain_only=True)},
    required=("text", "value"),
)
_RICH_OPTION = Object({"text": Text(75), "value": String(150), "description": Text(75)}, required=("text", "value"))
_OVERFLOW_OPTION = Object({**_PLAIN_OPTION.fields, "url": _URL}, required=("text", "value"))
_OPTIONS = Many(_PLAIN_OPTION, 100)
_GROUPS = Many(
    Object({"label": Text(75, plain_only=True), "options": _OPTIONS}, required=("label", "options")),
    100,
)
OPTIONS_ANSWER = Object({"options": Many(_PLAIN_OPTION, 100, low=0), "option_groups": Many(_GROUPS.item, 100, low=0)})
"""What may answer a `block_suggestion`."""

_FILTER = Object(
    {
        "include": Many(OneOf(frozenset({"im", "mpim", "private", "public"})), 4),
        "exclude_external_shared_channels": Boolean(),
        "exclude_bot_users": Boolean(),
    }
)
_DISPATCH = Object(
    {"trigger_actions_on": Many(OneOf(frozenset({"on_enter_pressed", "on_character_entered"})), 2)},
)


def _element(
    fields: dict[str, Shape], required: tuple[str, ...] = (), either: tuple[tuple[str, ...], ...] = ()
) -> Object:
    return Object({"type": AnyJson(), "action_id": _IDENTIFIER, **fields}, required, either)


_MENU: dict[str, Shape] = {"placeholder": _PLACEHOLDER, "confirm": CONFIRM, "focus_on_load": Boolean()}
_SEVERAL: dict[str, Shape] = {**_MENU, "max_selected_items": Integer(1, 100)}
_TYPED_TEXT: dict[str, Shape] = {
    "placeholder": _PLACEHOLDER,
    "initial_value": String(3000, low=0),
    "dispatch_action_config": _DISPATCH,
    "focus_on_load": Boolean(),
}
MENUS: dict[str, Object] = {
    "static_select": _element(
        {**_MENU, "options": _OPTIONS, "option_groups": _GROUPS, "initial_option": _PLAIN_OPTION},
        either=(("options", "option_groups"),),
    ),
    "external_select": _element({**_MENU, "initial_option": _PLAIN_OPTION, "min_query_length": Integer(0, 255)}),
    "users_select": _element({**_MENU, "initial_user": _USER}),
    "conversations_select": _element({**_MENU, "filter": _FILTER, "initial_conversation": _CONVERSATION}),
    "channels_select": _element({**_MENU, "initial_channel": _CONVERSATION}),
    "multi_static_select": _element(
        {**_SEVERAL, "options": _OPTIONS, "option_groups": _GROUPS, "initial_options": Many(_PLAIN_OPTION, 100)},
        either=(("options", "option_groups"),),
    ),
    "multi_external_select": _element(
        {**_SEVERAL, "initial_options": Many(_PLAIN_OPTION, 100), "min_query_length": Integer(0, 255)}
    ),
    "multi_users_select": _element({**_SEVERAL, "initial_users": Many(_USER, 100)}),
    "multi_conversations_select": _element(
        {**_SEVERAL, "filter": _FILTER, "initial_conversations": Many(_CONVERSATION, 100)}
    ),
    "multi_channels_select": _element({**_SEVERAL, "initial_channels": Many(_CONVERSATION, 100)}),
}
CHOICES: dict[str, Object] = {
    "checkboxes": _element(
        {
            "options": Many(_RICH_OPTION, 10),
            "initial_options": Many(_RICH_OPTION, 10),
            "confirm": CONFIRM,
            "focus_on_load": Boolean(),
        },
        required=("options",),
    ),
    "radio_buttons": _element(
        {
            "options": Many(_RICH_OPTION, 10),
            "initial_option": _RICH_OPTION,
            "confirm": CONFIRM,
            "focus_on_load": Boolean(),
        },
        required=("options",),
    ),
    "datepicker": _element({**_MENU, "initial_date": _DATE}),
    "timepicker": _element({**_MENU, "initial_time": _TIME, "timezone": String(50)}),
    "datetimepicker": _element(
        {
            "initial_date_time": Integer(1_000_000_000, 9_999_999_999),
            "confirm": CONFIRM,
            "focus_on_load": Boolean(),
        }
    ),
}
BUTTONS: dict[str, Object] = {
    "button": _element(
        {
            "text": Text(75, plain_only=True),
            "url": _URL,
            "value": String(2000),
            "style": OneOf(frozenset({"primary", "danger"})),
            "confirm": CONFIRM,
            "accessibility_label": String(75),
        },
        required=("text",),
    ),
    "overflow": _element({"options": Many(_OVERFLOW_OPTION, 5), "confirm": CONFIRM}, required=("options",)),
}
INPUTS: dict[str, Object] = {
    "plain_text_input": _element(
        {
            **_TYPED_TEXT,
            "multiline": Boolean(),
            "min_length": Integer(0, 3000),
            "max_length": Integer(1, 3000),
        }
    ),
    "email_text_input": _element(_TYPED_TEXT),
    "url_text_input": _element(_TYPED_TEXT),
    "number_input": _element(
        {
            **_TYPED_TEXT,
            "is_decimal_allowed": Boolean(),
            "min_value": Integer(0, 0, as_string=True),
            "max_value": Integer(0, 0, as_string=True),
        },
        required=("is_decimal_allowed",),
    ),
    "file_input": _element({"filetypes": Many(String(20), 100), "max_files": Integer(1, 10)}),
}
_IMAGE_FIELDS: dict[str, Shape] = {
    "type": AnyJson(),
    "image_url": String(3000, pattern=r"https?:\S+"),
    "slack_file": Object({"id": String(20), "url": String(3000)}, either=(("id", "url"),)),
    "alt_text": String(2000),
}
_IMAGE_SOURCE = (("image_url", "slack_file"),)
_IMAGE = Object(_IMAGE_FIELDS, required=("alt_text",), either=_IMAGE_SOURCE)
_CONTEXT_TEXT = {
    "plain_text": Text(3000),
    "mrkdwn": Text(3000),
}
_RICH_TEXT_PART = Typed(
    {kind: AnyJson() for kind in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")}
)


def _block(
    fields: dict[str, Shape], required: tuple[str, ...] = (), either: tuple[tuple[str, ...], ...] = ()
) -> Object:
    return Object({"type": AnyJson(), "block_id": _IDENTIFIER, **fields}, required, either)


_EVERYWHERE: dict[str, Shape] = {
    "section": _block(
        {
            "text": Text(3000),
            "fields": Many(Text(2000), 10),
            "accessory": Typed({**MENUS, **CHOICES, **BUTTONS, "image": _IMAGE}),
            "expand": Boolean(),
        }
    ),
    "divider": _block({}),
    "header": _block({"text": Text(150, plain_only=True)}, required=("text",)),
    "context": _block({"elements": Many(Typed({**_CONTEXT_TEXT, "image": _IMAGE}), 10)}, required=("elements",)),
    "actions": _block({"elements": Many(Typed({**MENUS, **CHOICES, **BUTTONS}), 25)}, required=("elements",)),
    "image": _block(
        {**_IMAGE_FIELDS, "title": Text(2000, plain_only=True)}, required=("alt_text",), either=_IMAGE_SOURCE
    ),
    "rich_text": _block({"elements": Many(_RICH_TEXT_PART, 100)}, required=("elements",)),
    "input": _block(
        {
            "label": Text(2000, plain_only=True),
            "hint": Text(2000, plain_only=True),
            "element": Typed({**MENUS, **CHOICES, **INPUTS}),
            "dispatch_action": Boolean(),
            "optional": Boolean(),
        },
        required=("label", "element"),
    ),
}
MESSAGE_BLOCK = Typed(
    {
        **_EVERYWHERE,
        "markdown": _block({"text": String(12_000)}, required=("text",)),
        "table": _block(
            {"rows": Many(Many(AnyJson(), 20), 100), "column_settings": Many(AnyJson(), 20)}, required=("rows",)
        ),
    }
)
VIEW_BLOCK = Typed(_EVERYWHERE)

_VIEW: dict[str, Shape] = {
    "type": AnyJson(),
    "blocks": Many(VIEW_BLOCK, 100, low=0),
    "private_metadata": String(3000, low=0),
    "callback_id": String(255, low=0),
    "external_id": String(255, low=0),
}
MODAL = Object(
    {
        **_VIEW,
        "title": Text(24, plain_only=True),
        "submit": Text(24, plain_only=True),
        "close": Text(24, plain_only=True),
        "clear_on_close": Boolean(),
        "notify_on_close": Boolean(),
        "submit_disabled": Boolean(),
    },
    required=("title", "blocks"),
)
HOME = Object(_VIEW, required=("blocks",))
METADATA = Object(
    {"event_type": String(255, pattern=r"[A-Za-z][A-Za-z0-9_]*"), "event_payload": AnyJson()},
    required=("event_type", "event_payload"),
)
