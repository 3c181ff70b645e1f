"""An IMAP server in this process: pymap with its in-memory backend, on a loopback port."""

from __future__ import annotations

import asyncio
import logging
import ssl
from argparse import Namespace
from datetime import datetime

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Event, Subsystem
from pymap.imap import IMAPServer as PymapServer
from pymap.mailbox import MailboxSnapshot
from pymap.mime import MessageBody, MessageContent, MessageHeader
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement, ObjectId
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

_log = logging.getLogger(__name__)
_STOP_LIMIT = 5.0


class ImapServer:
    """Accounts with folders, served over IMAP without encryption; the mails outlive `stop` and `start`.

    Attributes:
        port: The loopback port, the same after every start; 0 before the first one.
    """

    def __init__(self) -> None:
        self.port = 0
        self._config = _Config()
        self._login = Login(self._config)
        self._serve_pymap = PymapServer(self._login, self._config)
        self._listener: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen; nothing happens when it does already."""
        if self._listener is None:
            logging.getLogger("pymap").setLevel(logging.INFO)  # its debug lines hold passwords and whole mails
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and break the open ones."""
        if self._listener is None:
            return
        self._listener.close()
        self.drop_connections()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_STOP_LIMIT)
        await self._listener.wait_closed()
        self._listener = None

    def drop_connections(self) -> None:
        """Break every open connection without a word, as a failing network does."""
        for writer in self._connections.values():
            writer.transport.abort()

    async def add_account(self, name: str, password: str) -> None:
        """Make an account with an empty INBOX, or give an existing one a new password."""
        self._config.set_cache.setdefault(name, (_Mailboxes(), FilterSet()))
        identity = Identity(name, self._login, None, frozenset())
        self._login.users_dict.pop(name, None)
        await identity.set(UserMetadata(self._config, name, password=password))

    async def append(self, account: str, raw: bytes, received_at: datetime) -> int:
        """Put a message into an account's INBOX, wake whoever idles there, and give its UID."""
        inbox = await self._folder(account, "INBOX")
        return (await inbox.append(AppendMessage(raw, received_at), recent=True)).uid

    async def messages(self, account: str, folder: str = "INBOX") -> dict[int, bytes]:
        """The messages of a folder by UID; LookupError when there is no such account or folder."""
        found = {}
        async for message in (await self._folder(account, folder)).messages():
            loaded = await message.load_content(FetchRequirement.CONTENT)
            found[message.uid] = bytes(loaded.get_body(None))
        return found

    async def renew_uidvalidity(self, account: str) -> int:
        """Give the INBOX a new UIDVALIDITY (RFC 9051 §2.3.1.1), as a restored backup would, and tell it."""
        inbox = await self._folder(account, "INBOX")
        inbox._uid_validity = MailboxSnapshot.new_uid_validity()
        return inbox.uid_validity

    async def _folder(self, account: str, folder: str) -> MailboxData:
        mailboxes, _ = self._config.set_cache[account]
        return await mailboxes.get_mailbox(folder)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve_pymap(reader, writer, SocketInfoLocal(writer))
        except Exception:  # noqa: BLE001  # one connection's fault, whatever it is, must not reach the others
            _log.warning("an IMAP connection of the sandbox failed", exc_info=True)
        finally:
            writer.transport.abort()


class _Config(Config):
    """pymap's settings without its command line, its thread pool, its slow hashing and its name look-ups."""

    def __init__(self) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host=None,
            port=0,
            tls_enabled=False,
            secure_auth=False,
            reject_dnsbl=False,
            invalid_user_sleep=0,
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
        )

    @property
    def greeting(self) -> bytes:
        """The greeting; pymap's own asks the resolver for this machine's name."""
        return b"sandbox ready"


class _Mailboxes(MailboxSet):
    """The folders of an account, with our INBOX."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = _Inbox(self._content_cache, self._thread_cache)


class _Inbox(MailboxData):
    """pymap's INBOX, mended in two places."""

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        """Wait for news only when there are none: pymap would sleep over what came just before IDLE began."""
        news = selected.mod_sequence != self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if news else wait_on)

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        """Take any octets: pymap's own threading and MIME parsing raise on some broken headers."""
        content = _content(append_msg.literal)
        assert append_msg.when is not None
        async with self.messages_lock.write_lock():
            self._max_uid += 1
            message = Message(
                self._max_uid,
                append_msg.when,
                append_msg.flag_set,
                email_id=self._content_cache.add(content),
                thread_id=ObjectId.random_thread_id(),
                recent=recent,
                content=content,
            )
            self._messages[message.uid] = message
            self._mod_sequences.update([message.uid])
            self._updated.set()
            return message


def _content(raw: bytes) -> MessageContent:
    try:
        content = MessageContent.parse(raw)
    except Exception:  # noqa: BLE001  # Python's header parser raises nearly anything on broken mail
        header, body = MessageContent._split_lines(raw, MessageContent._find_lines(raw))
        no_type = MessageBody.empty().content_type
        content = MessageContent(raw, MessageHeader(raw, header, []), MessageBody(raw, body, no_type, []))
    content._raw = memoryview(raw)  # put together again from its lines, a mail without a body lacks its last octet
    return content
