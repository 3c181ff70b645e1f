"""Takes the pictures of the forms by which engineers act anew: `python -m tests.support.screenshots_acting`.

As `tests.support.screenshots`; look at every picture before committing it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.edges.slack_acting_ids import INTERNAL_BLOCK
from bot.edges.slack_escalation_ids import NUMBER_BLOCK
from bot.edges.slack_ids import PREVIEW, TEXT_BLOCK
from bot.rules.ticket_states import Action
from tests.support.screenshots import Scene, stage

SUMMARY = "Zasilacz był uszkodzony. Po wymianie urządzenie pracuje poprawnie."
FORMS = {
    "priority": (Action.PRIORITY, "Krytyczny"),
    "call": (Action.CALL, "Kto dzwonił"),
    "snooze": (Action.SNOOZE, "Do kiedy"),
    "split": (Action.SPLIT, "Która wiadomość klienta"),
    "link": (Action.LINK, "Każde z dwóch zgłoszeń"),
    "escalate": (Action.ESCALATE, "DLA ZESPOŁU"),
}
"""Name of the picture -> the action, and words that its form shows."""


async def play(scene: Scene) -> None:
    """What is done to a Polish customer's ticket, and an English one's that nobody takes in time."""
    await scene.report("anna", "critical")
    await scene.press(Action.TAKE)
    for name, (action, shows) in FORMS.items():
        await scene.press(action)
        await scene.window(name, shows)
    await scene.press(Action.MERGE)
    await scene.submit({NUMBER_BLOCK: "HEZO-2026-000123"})
    await scene.window("merge", "Nie ma zgłoszenia o tym numerze.")
    await scene.press(Action.RESOLVE)
    await scene.fill({TEXT_BLOCK: SUMMARY, INTERNAL_BLOCK: "Zasilacz zewnętrzny, bez wymiany urządzenia."})
    await scene.window("resolve", "DLA ZESPOŁU: notatka")
    await scene.press(Action.RESOLVE)
    await scene.fill({TEXT_BLOCK: SUMMARY})
    await scene.use(PREVIEW)
    await scene.window("preview", "Wróć do pisania")

    await scene.report("john", "critical")
    scene.pass_time(timedelta(minutes=65))
    await scene.says("Termin przekroczony!")
    await scene.picture("escalation", "#messages-pane", "Firewall down", height=860)


async def main() -> None:
    async with stage() as (demo, page):
        await play(Scene(demo, page))


if __name__ == "__main__":
    asyncio.run(main())
