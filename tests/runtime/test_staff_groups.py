"""Members of Slack's user groups may act; what Slack said last stands while it says nothing, and for a week at most."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.edges.slack_chat import slack_client
from bot.edges.slack_groups import SlackGroups
from bot.errors import HezoError, OperatorError, Refused
from bot.loops.staff_groups import KEPT_FOR, StaffGroups
from bot.people import SlackPerson
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import SlackSandbox
from bot.staff_directory import StaffDirectory
from handlers.context import ContextMaker
from storage.engine import Database
from storage.migrating import upgrade
from tests.support.timer_loops import open_database, plain_config

EVERY = timedelta(seconds=0.05)


class Stage:
    """A workspace with a group of engineers and one of managers, and a bot that knows them."""

    def __init__(self, slack: SlackSandbox, clock: MovableClock) -> None:
        people = {name: slack.workspace.add_user(name, name.title()).id for name in ("ewa", "jan", "zofia", "ola")}
        self.ewa, self.jan, self.zofia, self.ola = people.values()
        self.engineers = slack.workspace.add_usergroup("inzynierowie", "Inżynierowie", [self.ewa]).id
        self.managers = slack.workspace.add_usergroup("menedzerowie", "Menedżerowie", [self.zofia]).id
        config = plain_config()
        told = config.slack.model_copy(
            update={
                "engineer_groups": (self.engineers,), "manager_groups": (self.managers,), "engineers": (self.ola,),
                "managers": (), "api_url": slack.api_url,
                "bot_token": type(config.slack.bot_token)(slack.workspace.bot_token),
            }
        )  # fmt: skip
        self.config = config.model_copy(update={"slack": told})
        self.clock = clock
        self.directory = StaffDirectory(self.config)

    def may_act(self, user: str) -> bool:
        ctx = ContextMaker(self.clock, self.config, b"key", self.directory)()
        return ctx.may_act(SlackPerson(user, user))

    def part(self, groups: SlackGroups, database: Database) -> StaffGroups:
        return StaffGroups(groups, self.directory, database, self.clock, EVERY)


async def test_members_come_go_and_outlive_a_restart(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"
    await upgrade(url)
    clock = MovableClock()
    slack = SlackSandbox(clock)
    await slack.start()
    stage = Stage(slack, clock)
    database = open_database(url, clock)
    await database.open()
    try:
        async with slack_client(stage.config.slack) as client:
            groups = SlackGroups(client, timedelta(seconds=5))
            assert not stage.may_act(stage.ewa)
            assert stage.may_act(stage.ola)
            await stage.part(groups, database).refresh()
            assert stage.may_act(stage.zofia)
            assert stage.may_act(stage.ewa)
            assert stage.zofia in stage.directory.leaders
            assert not stage.may_act(stage.jan)
            await slack.people.set_usergroup(stage.engineers, [stage.jan])
            stopping = asyncio.Event()
            running = asyncio.create_task(stage.part(groups, database).run(stopping))
            await slack.workspace.wait_for(
                lambda: len(slack.workspace.calls_of("usergroups.users.list")) >= 8, what="Slack to be asked again"
            )
            stopping.set()
            await running
            assert stage.may_act(stage.jan)
            assert not stage.may_act(stage.ewa)
            assert list(stage.directory) == [stage.ola, stage.jan, stage.zofia]

            await slack.stop()
            again = Stage.__new__(Stage)
            again.__dict__.update(stage.__dict__)
            again.directory = StaffDirectory(stage.config)
            await again.part(groups, database).restore()
            assert again.may_act(stage.jan)
            with pytest.raises(HezoError):
                await again.part(groups, database).run(asyncio.Event())
            assert again.may_act(stage.jan), "Slack is down: what it said last stands"
            clock.move(KEPT_FOR + timedelta(minutes=1))
            again.directory = StaffDirectory(stage.config)
            await again.part(groups, database).restore()
            assert not again.may_act(stage.jan)
    finally:
        await database.close()
        await slack.stop()


async def test_what_is_wrong_is_told_to_the_operator() -> None:
    clock = MovableClock()
    slack = SlackSandbox(clock)
    await slack.start()
    stage = Stage(slack, clock)
    try:
        async with slack_client(stage.config.slack) as client:
            groups = SlackGroups(client, timedelta(seconds=5))
            with pytest.raises(Refused, match=r"S000NONE.*slack\.engineer_groups"):
                await groups.members("S000NONE")
            slack.faults.revoke_scope("usergroups:read")
            with pytest.raises((Refused, OperatorError), match="usergroups:read"):
                await groups.members(stage.engineers)
    finally:
        await slack.stop()
