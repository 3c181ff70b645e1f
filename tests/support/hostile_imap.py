"""A small IMAP server that misbehaves on purpose, where no real one would."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

_GIVEN = re.compile(r"\(UID (RFC822\.SIZE INTERNALDATE|BODY\.PEEK\[\]|BODY\.PEEK\[HEADER\]<0\.\d+>)\)")


class Poison(StrEnum):
    """What happens when the text of a poisoned message is asked for."""

    DROP = "the connection breaks"
    NONSENSE = "the answer breaks the grammar"
    REFUSE = "the command is refused"
    SILENCE = "no answer comes"
    NOTHING = "the message is left out"


@dataclass
class HostileImap:
    """One mailbox of one user; for use as an async context manager.

    Attributes:
        messages: The INBOX by UID.
        poisoned: What happens with some of them.
        capabilities: What is advertised; no command beyond them is understood.
        greeting: The first line.
        starttls_reply: What is sent in answer to STARTTLS, in the clear.
        login_reply: What is answered to LOGIN, without its tag.
        good_tokens: The access tokens that AUTHENTICATE XOAUTH2 takes.
        token_reply: What is answered to any other one, without its tag.
        users: Who logged in by a token.
        uidvalidity: None keeps it secret.
        refusals: Per command, the answer that it gets instead of being done.
        moved: The other folders.
        seen: The UIDs marked as read.
        commands: Every line received.
    """

    messages: dict[int, bytes] = field(default_factory=dict)
    poisoned: dict[int, Poison] = field(default_factory=dict)
    capabilities: str = "IMAP4rev1 MOVE UIDPLUS"
    greeting: str = "* OK ready"
    starttls_reply: bytes = b"{tag} OK begin\r\n"
    login_reply: str = "OK done"
    good_tokens: Collection[str] = ()
    token_reply: str = "NO [AUTHENTICATIONFAILED] Invalid credentials"
    users: list[str] = field(default_factory=list)
    uidvalidity: int | None = 7
    refusals: dict[str, str] = field(default_factory=dict)
    moved: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"Processed": {}})
    seen: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> HostileImap:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def wait_until(self, condition: Callable[[], bool], within: float = 60) -> None:
        """Wait until a command made the condition true."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(condition)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self.greeting.encode() + b"\r\n")
            while line := (await reader.readline()).decode("latin-1"):
                self.commands.append(line.strip())
                tag, _, rest = line.strip().partition(" ")
                if rest.upper().startswith("AUTHENTICATE XOAUTH2") and "AUTHENTICATE" not in self.refusals:
                    writer.write(await self._authenticate(tag, rest.split(" ")[2:], reader, writer))
                else:
                    writer.write(self._answer(tag, rest))
                await writer.drain()
                async with self._changed:
                    self._changed.notify_all()
        except OSError:
            return
        finally:
            writer.close()

    async def _authenticate(
        self, tag: str, spoken: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        """XOAUTH2 as Google defines it: an error's details come first, and the client has to take note."""
        if not spoken:
            writer.write(b"+ \r\n")
            spoken = [(await reader.readline()).decode().strip()]
        user, _, rest = base64.b64decode(spoken[0]).decode().partition("\x01auth=Bearer ")
        if rest.removesuffix("\x01\x01") in self.good_tokens:
            self.users.append(user.removeprefix("user="))
            return f"{tag} OK logged in\r\n".encode()
        writer.write(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}') + b"\r\n")
        assert await reader.readline() == b"\r\n", "an error is answered with nothing"
        return f"{tag} {self.token_reply}\r\n".encode()

    def _answer(self, tag: str, command: str) -> bytes:
        words = command.split(" ")
        name = (words[1] if words[0] == "UID" else words[0]).upper()
        if name in self.refusals:
            return f"{tag} {self.refusals[name]}\r\n".encode()
        told, status = "", "OK done"
        match name:
            case "STARTTLS":
                return self.starttls_reply.replace(b"{tag}", tag.encode())
            case "FETCH":
                return self._fetch(tag, words[2], " ".join(words[3:]))
            case "CAPABILITY":
                told = f"* CAPABILITY {self.capabilities}\r\n"
            case "LOGIN":
                status = self.login_reply
            case "SELECT":
                told = "" if self.uidvalidity is None else f"* OK [UIDVALIDITY {self.uidvalidity}] valid\r\n"
            case "STATUS" if words[1].strip('"') not in self.moved:
                status = "NO no such folder"
            case "SEARCH":
                told = f"* SEARCH {' '.join(map(str, self.messages))}\r\n"
            case "MOVE" | "COPY" | "STORE" | "EXPUNGE":
                self._change(name, words)
        return f"{told}{tag} {status}\r\n".encode()

    def _fetch(self, tag: str, uid_set: str, what: str) -> bytes:
        assert _GIVEN.fullmatch(what), f"nothing else may be asked: {what}"
        uids = [uid for uid in map(int, uid_set.split(",")) if uid in self.messages]
        if "SIZE" in what:
            date = '"24-Nov-2026 10:00:00 +0100"'
            items = [
                f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(self.messages[uid])} INTERNALDATE {date})" for uid in uids
            ]
            return ("".join(f"{item}\r\n" for item in items) + f"{tag} OK done\r\n").encode()
        answer = b""
        for uid in uids:
            match self.poisoned.get(uid):
                case Poison.DROP:
                    raise ConnectionResetError
                case Poison.NONSENSE:
                    answer += b"* %d FETCH (UID %d BODY[] {12\r\nA1 OK ((((\r\n" % (uid, uid)
                case Poison.REFUSE:
                    return f"{tag} NO [SERVERBUG] cannot open this one\r\n".encode()
                case Poison.SILENCE:
                    return b""
                case Poison.NOTHING:
                    pass
                case None:
                    raw = self.messages[uid]
                    answer += b"* %d FETCH (FLAGS (x) BODY[] {%d}\r\n%b UID %d)\r\n" % (uid, len(raw), raw, uid)
        return answer + f"{tag} OK done\r\n".encode()

    def _change(self, name: str, words: list[str]) -> None:
        uids = [uid for uid in map(int, words[2].split(",")) if uid in self.messages]
        if name in {"MOVE", "COPY"}:
            self.moved[words[3].strip('"')].update({uid: self.messages[uid] for uid in uids})
        if name == "STORE" and words[-1] == "(\\Seen)":
            self.seen.update(uids)
        if name in {"MOVE", "EXPUNGE"}:
            for uid in uids:
                del self.messages[uid]
