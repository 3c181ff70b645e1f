"""Effects as JSON and back, by the name of their type."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import get_args

from pydantic import TypeAdapter

from bot.effects import CallWebhook, Effect, SendMail, SlackEffect

_TYPES: dict[str, type[Effect]] = {kind.__name__: kind for kind in (SendMail, CallWebhook, *get_args(SlackEffect))}


@cache
def _adapter(name: str) -> TypeAdapter[Effect]:
    return TypeAdapter(_TYPES[name])


def effect_to_json(effect: Effect) -> tuple[str, dict[str, object]]:
    """The effect's type name and its fields as JSON values."""
    return type(effect).__name__, {
        field.name: [_json(item) for item in value]
        if isinstance(value := getattr(effect, field.name), tuple)
        else value
        for field in fields(effect)
    }


def _json(item: object) -> object:
    return asdict(item) if is_dataclass(item) and not isinstance(item, type) else item


def effect_from_json(name: str, values: object) -> Effect:
    """The effect back. Fields that it has gained since get their defaults; those that it lost are ignored.

    Raises:
        LookupError: there is no such effect.
        ValueError: the values do not fit it.
    """
    return _adapter(name).validate_python(values)
