"""What a post leaves out of a mail is one click away: quotations and signatures, as they came."""

from __future__ import annotations

from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, texts

QUOTED = "pt., 20 lis 2026 o 10:15 HEZO 360 <pomoc@hezo.test> napisał(a):\n> Proszę podać wersję systemu.\n> Ewa"


async def test_the_whole_mail_is_one_click_away(world: World) -> None:
    await world.write(world.anna, REPORT)
    card = await world.card("HEZO-")
    plain = await world.in_thread(card, "FortiGate nie działa")
    assert "Pokaż cały mail" not in texts(plain.blocks), "it shows all that there is"
    acknowledged = await world.mail_to(world.anna)
    await world.write(world.anna, f"Wersja 7.4.3.\n\n{QUOTED}", answer=acknowledged)
    post = await world.in_thread(card, "Wersja 7.4.3.")
    assert "Proszę podać wersję systemu" not in texts(post.blocks)
    outcome = await world.slack.people.click(world.ewa, world.support.id, post.ts, "message_original")
    assert outcome.ok, outcome.error

    def shown() -> str | None:
        views = world.slack.people.open_views(world.ewa)
        said = texts(views[-1].body["blocks"]) if views else ""
        return said if "napisał(a):" in said else None

    said = await world.slack.workspace.wait_for(shown, PATIENCE, "the whole mail")
    assert said is not None
    assert "Wersja 7.4.3." in said
    assert "> Proszę podać wersję systemu." in said
    assert world.slack.workspace.violations == []
