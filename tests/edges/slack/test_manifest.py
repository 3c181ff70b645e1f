"""The manifest asks for exactly what the code uses, by the public API reference."""

from __future__ import annotations

import ast
import re

from bot.edges.slack_escalation_ids import COMMAND
from bot.edges.slack_ids import SHORTCUTS
from bot.sandbox.slack.reference import methods
from tests.edges.slack.office import ROOT, manifest_scopes

HANDLED_EVENTS = ["app_home_opened", "message.channels", "message.groups"]
OWN_TOKEN = {"apps.connections.open"}  # called with the app-level token, which the manifest does not know


def called_methods() -> set[str]:
    """Web API methods that the Slack edge calls, read from `client.some_method(...)` in its code."""
    names = {name.replace(".", "_").lower(): name for name in methods()}
    found = set()
    for path in (ROOT / "bot" / "edges").glob("slack_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(names.get(node.func.attr.lower(), ""))
    return found - {""}


def needed_scopes() -> set[str]:
    """Theirs and that of commands; of those for kinds of channels only public and private ones, where the bot posts."""
    scopes = {"commands"} | {scope for method in called_methods() - OWN_TOKEN for scope in methods()[method].bot_scopes}
    return {scope for scope in scopes if not scope.startswith(("im:", "mpim:"))}


def test_the_methods_are_found() -> None:
    assert {"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "auth.test"} <= called_methods()


def test_scopes() -> None:
    assert manifest_scopes() == needed_scopes()


def test_nothing_is_subscribed_or_offered_that_nobody_handles() -> None:
    manifest = (ROOT / "slack-manifest.yaml").read_text("utf-8")
    assert re.findall(r"- command: (\S+)\n", manifest) == [COMMAND]
    assert "should_escape: true" in manifest, "people are read by their ids"
    assert set(re.findall(r"callback_id: (\S+)\n", manifest)) == SHORTCUTS
    assert not re.search(r"^ *user:", manifest, re.MULTILINE)
    events = re.search(r"bot_events:\n((?: +- .*\n)+)", manifest)
    assert events is not None
    assert re.findall(r"- ([\w.]+)", events[1]) == HANDLED_EVENTS
    for needed in ("socket_mode_enabled: true", "interactivity:\n    is_enabled: true"):
        assert needed in manifest
