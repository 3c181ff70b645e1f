"""Files to Slack: the three steps, where a file is afterwards, and every failure told by who can mend it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.edges import slack_files
from bot.edges.slack_chat import SlackChat
from bot.edges.slack_files import SlackFiles
from bot.edges.slack_text import block, line, text
from bot.errors import ChannelUnusable, InDoubt, Refused, RetryLater
from bot.ports import FileState
from bot.sandbox.slack import SlackSandbox
from tests.edges.slack.office import Office

LARGE = bytes(range(256)) * 8_000


@pytest.fixture
def files(client: AsyncWebClient, config: SlackConfig) -> SlackFiles:
    """Files, with the bot's own client."""
    return SlackFiles(client, config.timeout)


@pytest.fixture
async def head(chat: SlackChat, office: Office) -> str:
    """A ticket's head message."""
    return await chat.post(office.support.id, "Zgłoszenie", [block([line(text("Zgłoszenie"))])], key="out-1")


async def shown(slack: SlackSandbox, file_id: str) -> None:
    await slack.workspace.wait_for(lambda: slack.workspace.files[file_id].shares)


async def test_files_are_uploaded_shared_in_one_post_and_taken_back(
    slack: SlackSandbox, office: Office, files: SlackFiles, head: str
) -> None:
    support = office.support.id
    names = ["zażółć gęślą.log", "<!channel>\u202egpj.exe"]
    ids = [await files.upload(name, content) for name, content in zip(names, (b"x", LARGE), strict=True)]
    assert [await files.state(file_id, support) for file_id in ids] == [FileState.UNKNOWN] * 2
    await files.share(support, head, "Pliki", list(zip(ids, names, strict=True)))
    await shown(slack, ids[0])
    assert [await files.state(file_id, support) for file_id in ids] == [FileState.SHOWN] * 2
    assert await files.state(ids[0], office.escalation.id) is FileState.UNSEEN
    (post,) = slack.workspace.thread(support, head)[1:]
    stored = [slack.workspace.files[file_id] for file_id in post.files]
    assert [file.content for file in stored] == [b"x", LARGE]
    assert [(file.name, file.title) for file in stored] == [(name, name) for name in (names[0], "<!channel>gpj.exe")]
    for _ in range(2):
        await files.delete(ids[0])
    assert await files.state(ids[0], support) is FileState.SHOWN, "whoever deleted it does not want it back"
    assert post.files == [ids[1]]
    await files.delete("F99999999")


async def test_what_slack_does_not_show_is_unseen(
    slack: SlackSandbox, office: Office, files: SlackFiles, head: str
) -> None:
    slack.faults.unshared_files = 1
    file_id = await files.upload("a.log", b"x")
    await files.share(office.support.id, head, "Pliki", [(file_id, "a.log")])
    assert await files.state(file_id, office.support.id) is FileState.UNSEEN


async def test_only_the_last_step_leaves_a_doubt(
    slack: SlackSandbox, office: Office, files: SlackFiles, head: str
) -> None:
    faults = slack.faults
    for break_it in (faults.drop_before, faults.drop_after, faults.server_error):
        for method in ("files.getUploadURLExternal", "upload"):
            break_it(method)
            with pytest.raises(RetryLater) as caught:
                await files.upload("a.log", b"x")
            assert type(caught.value) is RetryLater
        file_id = await files.upload("a.log", b"x")
        break_it("files.completeUploadExternal")
        with pytest.raises(InDoubt):
            await files.share(office.support.id, head, "Pliki", [(file_id, "a.log")])


async def test_lasting_refusals_say_what_to_do(
    slack: SlackSandbox, office: Office, files: SlackFiles, head: str
) -> None:
    slack.faults.server_error("upload", status=413)
    with pytest.raises(Refused, match="HTTP 413"):
        await files.upload("a.log", b"x")
    slack.faults.error("files.getUploadURLExternal", "storage_limit_reached")
    with pytest.raises(Refused, match="no room left for files"):
        await files.upload("a.log", b"x")
    with pytest.raises(Refused, match="file_not_found"):
        await files.share(office.support.id, head, "Pliki", [("F99999999", "a.log")])
    slack.faults.revoke_scope("files:write")
    with pytest.raises(ChannelUnusable, match=r"scope files:write.*install"):
        await files.upload("a.log", b"x")


async def test_an_upload_has_a_time_limit(slack: SlackSandbox, client: AsyncWebClient) -> None:
    slack.faults.slow(0.5, "upload")
    with pytest.raises(RetryLater, match="in time"):
        await SlackFiles(client, timedelta(seconds=0.2)).upload("a.log", b"x")


async def test_octets_go_only_to_an_encrypted_address(
    slack: SlackSandbox, files: SlackFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_files, "LOOPBACK", ())
    with pytest.raises(Refused, match="not encrypted"):
        await files.upload("a.log", b"x")
    assert not any(file.uploaded for file in slack.workspace.files.values())
