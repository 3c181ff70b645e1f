"""The inbox against servers and mails that misbehave as no real one does on demand."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from typing import Any

import pytest

from bot.config_mail import ImapConfig
from bot.edges.imap_opening import open_imap
from bot.errors import OperatorError, RetryLater
from tests.support.hostile_imap import HostileImap, Poison
from tests.support.inbox_watch import run_to_error, watching
from tests.support.mail_sink import MemorySink

SHORT = timedelta(seconds=0.5)
"""Where no answer comes."""
PATIENT = timedelta(seconds=30)
"""Where one comes, also when the machine has other work."""
KEEPALIVE = [getattr(socket, name, 0) for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")]
MAILS = {uid: b"Subject: %d\r\n\r\nhello\r\n" % uid for uid in range(1, 6)}


def config(server: HostileImap, **changes: Any) -> ImapConfig:
    valid = ImapConfig.model_validate(
        {
            "name": "pomoc",
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "username": "pomoc",
            "password": 'se"cr\\et',
        }
    )
    return valid.model_copy(update={"timeout": PATIENT, "poll": timedelta(seconds=0.05), **changes})


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system cannot tell when it asks")
async def test_a_server_that_vanished_is_missed_within_two_minutes(sink: MemorySink) -> None:
    """The kernel asks while nobody speaks; IDLE is renewed too seldom for a report at night."""
    async with HostileImap() as server:
        opened = await open_imap(config(server), "the mail server")
        tcp: socket.socket = opened.transport.get_extra_info("socket")
        asks = [tcp.getsockopt(socket.IPPROTO_TCP, option) for option in KEEPALIVE]
        opened.transport.abort()
    first_after, then_every, times = asks
    assert first_after + then_every * times <= 120


@pytest.mark.parametrize("poison", [Poison.DROP, Poison.NONSENSE, Poison.REFUSE, Poison.SILENCE])
async def test_one_poisoned_mail_is_set_aside_and_the_others_go_on(sink: MemorySink, poison: Poison) -> None:
    async with HostileImap(messages=dict(MAILS), poisoned={3: poison}) as server:
        timeout = SHORT if poison is Poison.SILENCE else PATIENT
        async with watching(config(server, timeout=timeout), sink):
            assert sorted(mail.uid for mail in sink.mails) == [1, 2, 4, 5]
            assert list(sink.unreadable) == [3]
            assert sink.unreadable[3]
        assert server.messages == {}
        assert sorted(server.moved["Processed"]) == [1, 2, 3, 4, 5]
        assert sum("UID FETCH 3 (UID BODY" in command for command in server.commands) == 3


async def test_a_mail_that_is_listed_but_never_given_is_set_aside(sink: MemorySink) -> None:
    poisoned = {3: Poison.NOTHING}
    async with HostileImap(messages=dict(MAILS), poisoned=poisoned) as server, watching(config(server), sink):
        await sink.wait_until(lambda s: 3 in s.unreadable)
    assert "lists it but does not give it" in sink.unreadable[3]
    assert len(sink.mails) == 4


async def test_a_server_that_goes_away_blames_no_mail(sink: MemorySink) -> None:
    async with HostileImap(poisoned={3: Poison.DROP}) as server, watching(config(server), sink) as watch:
        server.refusals["SELECT"] = "NO [UNAVAILABLE] going down"
        server.messages.update(MAILS)
        with pytest.raises(RetryLater, match="going down"):
            await asyncio.wait_for(watch.task, 5)
    assert not sink.unreadable


async def test_without_idle_the_mailbox_is_polled(sink: MemorySink) -> None:
    async with HostileImap() as server, watching(config(server), sink):
        server.messages.update(MAILS)
        await sink.wait_for_mails(5)


async def test_a_refused_idle_is_replaced_by_polling(sink: MemorySink) -> None:
    idle: dict[str, Any] = {"capabilities": "IMAP4rev1 IDLE MOVE", "refusals": {"IDLE": "NO not today"}}
    async with HostileImap(**idle) as server, watching(config(server), sink):
        server.messages.update(MAILS)
        await sink.wait_for_mails(5)


async def test_without_move_mails_are_copied_and_expunged(sink: MemorySink) -> None:
    can = "IMAP4rev1 UIDPLUS"
    async with HostileImap(messages=dict(MAILS), capabilities=can) as server, watching(config(server), sink):
        assert server.messages == {}
        assert sorted(server.moved["Processed"]) == sorted(MAILS)


async def test_without_move_and_uidplus_mails_stay_and_are_marked_as_read(sink: MemorySink) -> None:
    async with HostileImap(messages=dict(MAILS), capabilities="IMAP4rev1") as server, watching(config(server), sink):
        assert server.seen == set(MAILS)
        assert len(sink.mails) == len(server.messages) == 5


async def test_a_refused_move_is_reported_and_holds_up_nothing(sink: MemorySink) -> None:
    refusals = {"MOVE": "NO [OVERQUOTA] mailbox is full"}
    async with HostileImap(messages=dict(MAILS), refusals=refusals) as server, watching(config(server), sink) as watch:
        state, detail = watch.states[-1]
        assert state == "degraded"
        assert "mailbox is full" in str(detail)
        server.messages[9] = b"Subject: 9\r\n\r\n"
        await sink.wait_for_mails(6)
        assert sum(sink.stores) == 6
        refusals.clear()
        await server.wait_until(lambda: not server.messages)


async def test_a_folder_that_was_deleted_meanwhile_is_made_again(sink: MemorySink) -> None:
    async with (
        HostileImap(refusals={"MOVE": "NO [TRYCREATE] no such folder"}) as server,
        watching(config(server), sink),
    ):
        server.moved.clear()
        server.messages.update(MAILS)
        await server.wait_until(lambda: any(c.endswith('CREATE "Processed"') for c in server.commands))


async def test_a_folder_that_cannot_be_made_is_the_operators_to_mend(sink: MemorySink) -> None:
    async with HostileImap(moved={}, refusals={"CREATE": "NO [CANNOT] only below INBOX"}) as server:
        error = await run_to_error(config(server), sink)
    assert isinstance(error, OperatorError)
    assert 'some want "INBOX.Processed"' in str(error)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"greeting": "* BYE too many connections"}, RetryLater, "too many connections"),
        (
            {"greeting": "220 smtp.example ESMTP"},
            RetryLater,
            "no IMAP server answers there; check host and port: 220 smtp",
        ),
        ({"login_reply": "NO [UNAVAILABLE] authentication server is away"}, RetryLater, "server is away"),
        ({"login_reply": "NO [AUTHENTICATIONFAILED] no"}, OperatorError, "check username (pomoc) and password"),
        ({"login_reply": 'NO you said "se"cr\\et"'}, OperatorError, 'you said "***"'),
        ({"capabilities": "IMAP4rev1 LOGINDISABLED"}, OperatorError, "no password unencrypted"),
        ({"capabilities": "POP3"}, RetryLater, "CAPABILITY failed"),
        ({"uidvalidity": None}, RetryLater, "no UIDVALIDITY"),
        ({"refusals": {"SELECT": "OK [READ-ONLY] look only"}}, OperatorError, "read-only"),
        ({"refusals": {"SEARCH": "NO not now"}}, RetryLater, "refused SEARCH"),
    ],
)
async def test_faults_are_sorted_by_who_can_mend_them(
    sink: MemorySink, changes: dict[str, Any], kind: type[Exception], words: str
) -> None:
    async with HostileImap(**changes) as server:
        error = await run_to_error(config(server), sink)
    assert isinstance(error, kind)
    assert words in str(error)
    assert 'se"cr\\et' not in str(error)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        (
            {"starttls_reply": b"{tag} OK begin\r\n* CAPABILITY IMAP4rev1 EVIL\r\n"},
            RetryLater,
            "unencrypted octets came after STARTTLS",
        ),
        ({"starttls_reply": b"{tag} BAD what is that\r\n"}, OperatorError, "offers no STARTTLS"),
        ({"starttls_reply": b"* OK\r\n" * 50}, OperatorError, "offers no STARTTLS"),
        ({"starttls_reply": b"x" * 10_000}, RetryLater, "cannot be reached"),
        ({"greeting": "* PREAUTH welcome"}, OperatorError, "skips the login"),
    ],
)
async def test_starttls_is_not_talked_away(
    sink: MemorySink, changes: dict[str, Any], kind: type[Exception], words: str
) -> None:
    async with HostileImap(**changes) as server:
        error = await run_to_error(config(server, security="starttls"), sink)
        assert not any("LOGIN" in command for command in server.commands)
    assert isinstance(error, kind)
    assert words in str(error)


async def test_a_server_that_knows_us_already_is_not_logged_in_to(sink: MemorySink) -> None:
    async with (
        HostileImap(messages=dict(MAILS), greeting="* PREAUTH welcome") as server,
        watching(config(server), sink),
    ):
        assert len(sink.mails) == 5
        assert not any("LOGIN" in command for command in server.commands)


async def test_line_breaks_in_settings_are_refused_before_connecting(sink: MemorySink) -> None:
    async with HostileImap() as server:
        error = await run_to_error(config(server, folder="INBOX\r\nA1 DELETE INBOX"), sink)
        assert isinstance(error, OperatorError)
        assert server.commands == []


async def test_a_flood_of_lines_ends_the_connection_and_nothing_else(sink: MemorySink) -> None:
    async with HostileImap(messages=dict(MAILS)) as server:
        server.refusals["SEARCH"] = "\r\n".join(["x", *["* 1 EXPUNGE"] * 3000])
        error = await run_to_error(config(server), sink)
    assert isinstance(error, RetryLater)
