"""Files that come back from the page's own address: shown only where they are pictures, and nothing of them runs."""

from __future__ import annotations

import aiohttp
import pytest

from bot.sandbox.demo import Demo
from bot.sandbox.slack.model import NotPossible
from bot.sandbox.web_files import SentFile, enclosed, picture_type

TRAP = b"<html><script>parent.hacked = 1</script></html>"


@pytest.mark.scenario
async def test_only_pictures_are_shown_and_nothing_of_a_file_may_run(demo: Demo) -> None:
    files = demo.slack.workspace.files
    await demo.slack.people.upload(demo.staff.ewa, demo.staff.support, "zażółć <b>.html", TRAP)
    async with aiohttp.ClientSession() as client:
        address = f"{demo.page.url}slack/file/{next(iter(files))}"
        async with client.get(address) as answer:
            assert await answer.read() == TRAP
            assert answer.content_type == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''za%C5%BC")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        for wrong in (f"{address}/picture", f"{demo.page.url}slack/file/F99"):
            async with client.get(wrong) as answer:
                assert answer.status == 404


def test_what_is_attached_is_checked() -> None:
    files = enclosed([SentFile(name="a", content="eHg=")], ["naprawa.exe"])
    assert [file.content[:2] for file in files] == [b"MZ", b"xx"]
    assert picture_type(enclosed([], ["konsola.jpg"])[0].content) == "image/jpeg"
    with pytest.raises(NotPossible):
        enclosed([SentFile(name="a", content="?")], [])
    with pytest.raises(LookupError):
        enclosed([], ["no such file"])
