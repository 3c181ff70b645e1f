# ruff: noqa: INP001 - a folder of programs, not a package
"""The bot's core as the benchmarks drive it: configuration and database as the program would make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.config import Config
from bot.effects import SendMail
from bot.model import Ticket
from bot.ports import Clock
from bot.rules.mail_reading import content_key
from bot.rules.outgoing_mail import write_mail
from storage.composing import ComposedMail
from storage.engine import Database
from tests.support import timer_loops


def plain_config(**sections: Any) -> Config:
    """A valid configuration whose servers nobody connects to, unless they are given."""
    return timer_loops.plain_config(**sections)


def make_database(url: str, clock: Clock, config: Config) -> Database:
    """A database as the bot would open it."""

    def compose(effect: SendMail, row_id: int, ticket: Ticket | None, now: datetime, _files: object) -> ComposedMail:
        return ComposedMail(*write_mail(effect, row_id, ticket.number if ticket else None, now, config, b"key"))

    return Database(url, clock=clock, compose=compose, read_content_key=content_key)
