"""The manifest asks for exactly what the code uses, by the public API reference.

Each test with the stand-in compares at its end what was called with `called_methods`, and the stand-in grants what the
manifest does: so what is asked for is used, and what is used is asked for.
"""

from __future__ import annotations

from bot.edges.slack_channel_ids import OPEN_MESSAGE_SHORTCUT, REPORT_MESSAGE_SHORTCUT, REPORT_SHORTCUT
from bot.edges.slack_escalation_ids import COMMAND
from bot.edges.slack_ids import SHORTCUTS
from bot.sandbox.slack.reference import methods
from tests.support.manifest import BY_SDK, MANIFEST, called_methods, manifest_app

HANDLED_EVENTS = frozenset({"app_home_opened", "message.channels", "message.groups"})


def needed_scopes() -> set[str]:
    """Theirs and that of commands; of those for kinds of channels only public and private ones, where the bot posts."""
    called = called_methods() - BY_SDK.keys()
    scopes = {"commands"} | {scope for method in called for scope in methods()[method].bot_scopes}
    return {scope for scope in scopes if not scope.startswith(("im:", "mpim:"))}


def test_the_methods_are_found() -> None:
    assert {"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "auth.test"} <= called_methods()


def test_scopes() -> None:
    assert set(manifest_app().scopes) == needed_scopes()


def test_nothing_is_subscribed_or_offered_that_nobody_handles() -> None:
    manifest, app = MANIFEST.read_text("utf-8"), manifest_app()
    assert app.commands == frozenset({COMMAND})
    assert app.events == HANDLED_EVENTS
    assert app.shortcuts == SHORTCUTS | {REPORT_SHORTCUT, REPORT_MESSAGE_SHORTCUT, OPEN_MESSAGE_SHORTCUT}
    assert "should_escape: true" in manifest, "people are read by their ids"
    assert "\n    user:" not in manifest, "no scopes of people"
    for needed in ("socket_mode_enabled: true", "interactivity:\n    is_enabled: true"):
        assert needed in manifest
