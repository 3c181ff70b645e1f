"""Every effect survives the way through JSON."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.effects import CallWebhook, Effect, SendMail, SlackEffect
from storage.effects_json import effect_from_json, effect_to_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)
facts = st.dictionaries(st.text(), json_values, max_size=3)

KINDS: list[type[Effect]] = [SendMail, CallWebhook, *get_args(SlackEffect)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_an_effect_comes_back_equal(kind: type[Effect], data: st.DataObject) -> None:
    given_facts = {"data": facts} if "data" in kind.__dataclass_fields__ else {}
    strategy: st.SearchStrategy[Effect] = st.builds(kind, **given_facts)
    effect = data.draw(strategy)
    name, values = effect_to_json(effect)
    assert effect_from_json(name, json.loads(json.dumps(values))) == effect


def test_every_effect_is_covered() -> None:
    assert set(KINDS) == set(get_args(Effect))


def test_an_unknown_effect_is_named() -> None:
    with pytest.raises(LookupError, match="PostCarrierPigeon"):
        effect_from_json("PostCarrierPigeon", {})


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="ticket_id"):
        effect_from_json("PostCard", {"ticket_id": "seven"})
