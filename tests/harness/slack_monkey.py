"""Let several people press, type, write and submit whatever they see at another Slack, at random, while it fails.

    python -m tests.harness.slack_monkey [--seed N] [--acts N] [--calm] [--http]

Afterwards, with Slack well again: no press went unacknowledged while it was well, every post is there once, every card
shows what is stored, nothing is left to be sent that no operator was told of, no call broke a rule, and the log has no
error that nobody was told of. What does not hold is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.rules.wording import words as words_of
from tests.harness.slack_faults import CANNED, SET_ASIDE
from tests.support.bot_process import rows
from tests.support.other_slack.events import ACK_WITHIN
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.forms import fill
from tests.support.other_slack.office import Office, logged_errors, opened
from tests.support.other_slack.people import Seen, pressable, words
from tests.support.other_slack.workspace import Body, Channel, User
from tests.support.world import REPORT

FAULTS = (
    ("ratelimited", ""), ("page", ""), ("reset", ""), ("cut off", ""), ("redirect", ""), ("body", "null"),
    ("body", "[1, null]"), ("body", ""), ("error", "internal_error"), ("error", "fatal_error"),
    ("error", "service_unavailable"),
)  # fmt: skip
"""Those that pass, whatever call they meet."""
TROUBLE = 0.15
"""How likely a call meets one."""
COMMANDS = ("", "mine", "duty", "help", "new", "call", "HEZO-2026-000001", "queue", "cokolwiek")


@dataclass
class Monkey:
    """Acts at random; the same seed acts alike, as far as the bot is as quick."""

    office: Office
    random: random.Random
    is_calm: bool
    acts: Counter[str] = field(default_factory=Counter)
    unheard: list[str] = field(default_factory=list)
    mails: int = 0

    async def act(self) -> None:  # noqa: C901  # a list of what people do
        """One of them does something. A signed request holds for five minutes: the clock does not outrun it."""
        office, user = self.office, self.random.choice([self.office.ewa, self.office.marek])
        does = self.random.choice(
            ["press"] * 8 + ["press in view"] * 4 + ["submit"] * 6 + ["write"] * 3 + ["change"] * 2
            + ["mail"] * 2 + ["home", "command", "close", "time", "time", "disconnect"]
        )  # fmt: skip
        self.acts[does] += 1
        match does:
            case "press":
                await self._press(user)
            case "press in view" if user.views or user.home:
                view = self.random.choice([*user.views[-1:], *([user.home] if user.home else [])])
                await self._press_in(user, view)
            case "submit" if user.views and user.views[-1].get("submit"):
                await fill(office.slack, user, user.views[-1], self.random)
                await office.slack.people.submit(user, user.views[-1])
            case "write" if threads := self._heads():
                text = self.random.choice(["Sprawdzam.", "Note: klient dzwonił", "Proszę o logi <b>&", "🚒" * 40])
                await office.slack.people.write(user, office.support, text, thread=self.random.choice(threads)["ts"])
            case "change":
                await self._change(user)
            case "mail":
                await self._mail()
            case "home":
                await office.slack.people.open_home(user)
            case "command":
                await office.slack.people.command(user, office.support, self.random.choice(COMMANDS))
            case "close":
                user.views[-1:] = []
            case "time":
                steps = [1, 25, 60] if office.slack.people.way is office.slack.http else [1, 25, 60, 600, 3600]
                office.clock.move(timedelta(seconds=self.random.choice(steps)))
            case "disconnect" if not self.is_calm:
                office.slack.people.way.lost_acks += 1
                if self.random.random() < 0.5:
                    office.slack.sockets.cut()

    def trouble(self) -> None:
        """The next call may meet a fault."""
        faults = self.office.slack.api.faults
        faults.waiting = [each for each in faults.waiting if each.times]
        if not self.is_calm and not faults.waiting and self.random.random() < TROUBLE:
            kind, what = self.random.choice(FAULTS)
            done = kind != "ratelimited" and self.random.random() < 0.5
            faults.waiting.append(Fault("*", kind, accepted=done, seconds=1, error=what, body=what))

    def _heads(self) -> list[Body]:
        return [m for m in self.office.support.messages.values() if "ticket_more" in str(m.get("blocks"))]

    def visible(self, user: User) -> list[tuple[Channel, Body, Seen]]:
        """All that somebody can press outside of windows."""
        office = self.office
        shown = [(c, m) for c in (office.support, office.escalation) for m in c.messages.values()]
        shown += [(office.slack.workspace.channels[line["channel"]], line) for line in user.ephemerals[-3:]]
        return [(c, m, seen) for c, m in shown for seen in pressable(m.get("blocks", []))]

    async def _press(self, user: User) -> None:
        found = self.visible(user)
        if found:
            channel, message, seen = self.random.choice(found)
            envelope = await self.office.slack.people.press(user, channel, message, self._chosen(seen))
            if not envelope.acked.is_set() and self.is_calm:
                self.unheard.append(seen.action)

    async def _press_in(self, user: User, view: Body) -> None:
        found = pressable(view["blocks"])
        if found:
            seen = self._chosen(self.random.choice(found))
            await fill(self.office.slack, user, view, self.random)
            envelope = await self.office.slack.people.press_in_view(user, view, seen)
            if not envelope.acked.is_set() and self.is_calm:
                self.unheard.append(seen.action)

    def _chosen(self, seen: Seen) -> Seen:
        if options := seen.element.get("options"):
            return Seen(seen.block, {**seen.element, "selected_option": self.random.choice(options)})
        return seen

    async def _change(self, user: User) -> None:
        """Somebody changes or deletes what they have written."""
        office = self.office
        own = [m for m in office.support.messages.values() if m.get("user") == user.id and m.get("thread_ts")]
        if not own:
            return
        message = self.random.choice(own)
        event: Body = {"type": "message", "channel": office.support.id, "ts": office.slack.workspace.new_ts()}
        if self.random.random() < 0.3:
            del office.support.messages[message["ts"]]
            event |= {"subtype": "message_deleted", "deleted_ts": message["ts"], "previous_message": message}
        else:
            edited = {"user": user.id, "ts": office.slack.workspace.new_ts()}
            new = {**message, "text": "Zmienione słowa.", "edited": edited}
            office.support.messages[message["ts"]] = new
            event |= {"subtype": "message_changed", "message": new, "previous_message": message}
        office.slack.people.event(event)

    async def _mail(self) -> None:
        self.mails += 1
        if self.mails == 1 or self.random.random() < 0.2:
            await self.office.write(REPORT + f"\n\nZgłoszenie nr {self.mails}.")
        else:
            number = self.random.randint(1, 3)
            year = self.office.clock.now().year
            await self.office.write(f"Wiadomość nr {self.mails}.", f"Re: [HEZO-{year}-{number:06d}]")


async def play(folder: Path, *, seed: int, acts: int, is_calm: bool, http: bool = False) -> list[str]:
    """Let them act; gives what does not hold afterwards."""
    async with opened(folder, http=http, replies={"canned": [CANNED]}) as office:
        monkey = Monkey(office, random.Random(seed), is_calm)  # noqa: S311  # no secret: the same acts in every run
        if not is_calm:  # acknowledgements get lost
            office.slack.people.way.patience = ACK_WITHIN
        with logged_errors() as errors:
            await office.write(REPORT)
            await office.until(lambda: office.shown("ticket_take"), "a card")
            for _ in range(acts // 2):
                monkey.trouble()
                await asyncio.gather(monkey.act(), monkey.act())
            office.slack.api.faults.waiting = []
            await office.slack.people.way.connected()
            await office.quiet(parked=True)
        print(f"seed {seed}: {dict(monkey.acts)}")  # noqa: T201
        found = [f"not acknowledged: {action}" for action in monkey.unheard]
        found += wrong_with(office, errors)
        violations = office.slack.workspace.violations
        office.slack.workspace.violations = []
        # A trigger is used twice where nobody can know that it was used once.
        return found + [each for each in violations if "used twice" not in each]


def wrong_with(office: Office, errors: list[str]) -> list[str]:
    """What does not hold, in words. Of a mail that a server refuses its ticket tells."""
    parked, told = office.outbox("type <> 'SendMail'"), office.told(SET_ASIDE)
    announced = [line for line in errors if "given up" in line or "neglected, and told" in line]
    found = [f"in the log: {line}" for line in errors if line not in announced]
    if parked and not told:
        found.append(f"set aside and not told: {parked}")
    if any(state != "parked" for _, _, state, _ in parked):
        found.append(f"left to be sent: {parked}")
    keys = [
        m["metadata"]["event_payload"]["key"]
        for channel in office.slack.workspace.channels.values()
        for m in channel.messages.values()
        if "metadata" in m
    ]
    found += [f"posted {count} times: {key}" for key, count in Counter(keys).items() if count > 1]
    return found + wrong_cards(office)


def wrong_cards(office: Office) -> list[str]:
    """Cards that do not show what is stored."""
    staff, found = words_of("staff", "pl"), []
    for number, state, assignee, ts in rows(office.database, "SELECT number, state, assignee, slack_ts FROM tickets"):
        card = office.support.messages.get(ts or "")
        if card is None:
            found.append(f"{number} has no card")
            continue
        shown = words(card["blocks"])
        if staff(f"state.{state}").casefold() not in shown.casefold():
            found.append(f"{number} is {state}, its card says {shown[:200]}")
        if assignee and assignee not in str(card["blocks"]):
            found.append(f"{number} is {assignee}'s, its card does not say so")
    return found


def main() -> int:
    """Gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--acts", type=int, default=400)
    parser.add_argument("--calm", action="store_true", help="Slack does not fail")
    parser.add_argument("--http", action="store_true", help="by signed requests instead of sockets")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(
            play(Path(folder), seed=arguments.seed, acts=arguments.acts, is_calm=arguments.calm, http=arguments.http)
        )
    print("\n".join(found) or "all is as it should be")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
