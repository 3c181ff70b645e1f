"""slack-manifest.yaml as the stand-in takes it, and what a bot under test has to keep to."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from bot.sandbox.slack import App, SlackSandbox
from bot.sandbox.slack.reference import methods

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "slack-manifest.yaml"
BY_SDK = {"apps.connections.open": "slack_sdk"}
"""Called with the app-level token, which the manifest does not know, and by a library."""


def _listed(text: str, under: str) -> frozenset[str]:
    """The items of the list under a key. The manifest needs no YAML parser: one item a line."""
    found = re.search(rf"^( *){under}:\n((?:\1 +- .*\n)*)", text, re.MULTILINE)
    return frozenset(re.findall(r"^ +- ([\w:.]+)", found[2], re.MULTILINE)) if found else frozenset()


@cache
def manifest_app() -> App:
    """The app exactly as the manifest declares it."""
    text = MANIFEST.read_text("utf-8")
    return App(
        scopes=_listed(text.split("scopes:", 1)[1], "bot"),
        events=_listed(text, "bot_events"),
        commands=frozenset(re.findall(r"- command: (\S+)\n", text)),
        shortcuts=frozenset(re.findall(r"callback_id: (\S+)\n", text)),
    )


@cache
def called_methods() -> frozenset[str]:
    """Web API methods that the Slack edge calls, read from `client.some_method(...)` in its code."""
    names = {name.replace(".", "_").lower(): name for name in methods()}
    found = set()
    for path in (ROOT / "bot" / "edges").glob("slack_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(names.get(node.func.attr.lower(), ""))
    return frozenset(found - {""})


def assert_kept_to_the_rules(slack: SlackSandbox) -> None:
    """No call broke Slack's rules or lacked a scope of the manifest, and all were such as the code is known to make."""
    assert slack.workspace.violations == []
    made = {call.method for call in slack.workspace.calls if call.method in methods()}
    assert made <= called_methods() | BY_SDK.keys()
