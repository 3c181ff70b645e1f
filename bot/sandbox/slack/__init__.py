"""A Slack workspace on this machine: Web API, Socket Mode and people who use it, strict where Slack is strict.

Unmodified slack-bolt and slack-sdk talk to it over real HTTP and WebSockets. It is the outside world for `hezo360 demo`
and for the scenario tests, so it keeps everything in memory and shares no code with the bot.
"""

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import (
    ApiCall,
    Channel,
    Json,
    Message,
    NotPossible,
    Team,
    User,
    UserError,
    Usergroup,
    View,
    Violation,
)
from bot.sandbox.slack.people import People
from bot.sandbox.slack.people_base import Outcome, Upload
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.workspace import SUPPORT_SCOPES, App, Workspace

__all__ = [
    "SUPPORT_SCOPES",
    "ApiCall",
    "App",
    "Channel",
    "Faults",
    "Json",
    "Message",
    "NotPossible",
    "Outcome",
    "People",
    "SlackSandbox",
    "Team",
    "Upload",
    "User",
    "UserError",
    "Usergroup",
    "View",
    "Violation",
    "Workspace",
]
