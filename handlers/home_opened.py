"""Somebody looks at the App Home: it is shown to them as things now are."""

from __future__ import annotations

from bot.commands import OpenHome
from bot.effects import PublishHome
from bot.ports import UnitOfWork
from handlers.context import Context


async def handle(command: OpenHome, uow: UnitOfWork, ctx: Context) -> None:
    """Publish their Home tab; who does not work on tickets is told so there and sees none."""
    by, is_staff = command.by, ctx.may_act(command.by)
    is_manager = is_staff and by.user in ctx.config.slack.managers
    await uow.outbox.add(PublishHome(by.user, is_staff, is_manager, command.shown.to_json()))
