"""Windows and lines for the one who pressed, while Slack is in trouble (`tests.support.other_slack`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config_slack import SlackConfig
from bot.edges.slack_chat import slack_client
from bot.edges.slack_views import loading_view
from bot.edges.slack_windows import Windows
from bot.errors import HezoError, Refused
from bot.people import SlackPerson
from tests.edges.slack.office import staff_words
from tests.support.manifest import manifest_app
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.server import OtherSlack, other_slack
from tests.support.other_slack.web_api import APP_TOKEN, BOT_TOKEN
from tests.support.other_slack.workspace import Channel, User

VIEW = loading_view(staff_words())
PASSING = [
    Fault("*", "ratelimited", seconds=1),
    Fault("*", "page", status=503, times=3),
    Fault("*", "error", error="internal_error"),
    Fault("*", "body", body="null"),
    Fault("*", "reset"),
    Fault("*", "redirect"),
]
DONE = [
    Fault("*", "reset", accepted=True),
    Fault("*", "page", accepted=True, status=200),
    Fault("*", "cut off", accepted=True),
    Fault("*", "error", accepted=True, error="fatal_error"),
]


@pytest.fixture
async def other() -> AsyncIterator[OtherSlack]:
    async with other_slack(manifest_app().scopes) as other:
        yield other


@pytest.fixture
def engineer(other: OtherSlack) -> User:
    return other.workspace.add_user("jan", "Jan Nowak")


@pytest.fixture
def channel(other: OtherSlack, engineer: User) -> Channel:
    return other.workspace.add_channel("hezo-support", [engineer], private=True)


@pytest.fixture
async def windows(other: OtherSlack, engineer: User, channel: Channel) -> AsyncIterator[Windows]:
    values = {
        "bot_token": BOT_TOKEN,
        "app_token": APP_TOKEN,
        "api_url": other.api_url,
        "support_channel": channel.id,
        "escalation_channel": channel.id,
        "engineers": (engineer.id,),
        "timeout": timedelta(seconds=2),
    }
    config = SlackConfig.model_validate(values)
    async with slack_client(config) as client:
        yield Windows(client, config)


@pytest.mark.parametrize("fault", PASSING, ids=str)
async def test_a_passing_fault_delays_a_window(
    other: OtherSlack, windows: Windows, engineer: User, fault: Fault
) -> None:
    other.api.faults.waiting = [replace(fault)]
    opened = await windows.open(other.workspace.trigger(engineer.id), VIEW)
    assert [view["id"] for view in engineer.views] == [opened]
    other.api.faults.waiting = [replace(fault)]
    assert opened is not None
    await windows.change(opened, {**VIEW, "callback_id": "anew"}, engineer.views[0]["hash"])
    assert engineer.views[0]["callback_id"] == "anew"


@pytest.mark.parametrize("fault", DONE, ids=str)
async def test_a_window_that_opened_without_an_answer_is_open(
    other: OtherSlack, windows: Windows, engineer: User, fault: Fault
) -> None:
    other.api.faults.waiting = [replace(fault)]
    assert await windows.open(other.workspace.trigger(engineer.id), VIEW) is None
    (view,) = engineer.views
    other.api.faults.waiting = [replace(fault)]
    await windows.change(view["id"], {**VIEW, "callback_id": "anew"}, view["hash"])
    assert engineer.views[0]["callback_id"] == "anew"
    assert [error for error in other.workspace.violations if "used twice" not in error] == []


async def test_what_slack_refuses_is_asked_for_once(other: OtherSlack, windows: Windows, engineer: User) -> None:
    trigger = other.workspace.trigger(engineer.id)
    other.api.faults.waiting = [Fault("views.open", "error", error="expired_trigger_id")]
    with pytest.raises(Refused):
        await windows.open(trigger, VIEW)
    view = await windows.open(trigger, VIEW)
    assert view is not None
    engineer.views[0]["hash"] = "of somebody else's change"
    with pytest.raises(Refused):
        await windows.change(view, VIEW, "seen")
    assert [call.method for call in other.workspace.calls].count("views.update") == 1


async def test_a_window_is_given_up_with_its_trigger(other: OtherSlack, windows: Windows, engineer: User) -> None:
    other.api.faults.waiting = [Fault("views.open", "ratelimited", seconds=30)]
    with pytest.raises(HezoError):
        await windows.open(other.workspace.trigger(engineer.id), VIEW)


async def test_a_line_finds_another_way(other: OtherSlack, windows: Windows, engineer: User, channel: Channel) -> None:
    url = other.workspace.response_url(other.people.base, channel.id, engineer.id)
    other.api.faults.waiting = [
        Fault("response_url", "reset"),
        Fault("chat.postEphemeral", "page", status=502),
    ]
    await windows.say(SlackPerson(engineer.id, "Jan", channel.id, response_url=url), "Nie da się.")
    assert [line["text"] for line in engineer.ephemerals] == ["Nie da się."]
