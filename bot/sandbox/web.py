"""The sandbox's one web page: static files, the feed of what is seen, and what people do.

It drives mail servers and a Slack on this machine, so no page of the internet may reach it through the visitor's
browser: the Host header must name this machine (against DNS rebinding), acts must come from the page itself (Origin)
and be JSON, and the Content-Security-Policy lets nothing in or out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from importlib.resources import files
from typing import Annotated, Any, Literal, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, ValidationError

from bot.errors import OperatorError
from bot.rules.business_hours import ServiceCalendar
from bot.sandbox.clock import MovableClock
from bot.sandbox.mail import MailSandbox
from bot.sandbox.slack.model import NotPossible
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.web_feed import Feed
from bot.sandbox.web_files import LARGEST, MOST_FILES, SentFile, as_download, as_picture, enclosed
from bot.sandbox.web_mail import CustomerMail, Letter, MailNotSent
from bot.sandbox.web_slack import Act, Body, Id, SlackActs, Text

log = logging.getLogger(__name__)

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOST = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_STATUS_EVERY = 1.0
_LONGEST_STEP = timedelta(days=31)
_STOP_SECONDS = 1.0
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
}
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""For the HTML part of a mail: it may look as it likes, and do nothing."""


class BotDesk(Protocol):
    """What the page shows of the bot, and may ask of it."""

    @property
    def language(self) -> str:
        """The language of the staff's texts: "pl" or "en"."""

    @property
    def health_url(self) -> str | None:
        """The address of the health endpoint, once it listens."""

    def parts(self) -> Mapping[str, str | None]:
        """The bot's parts and what is wrong with each; None where all is well."""

    async def speak(self, language: str) -> None:
        """Start the bot again, with the staff's texts in this language and the same data."""


class SendMail(Body):
    """Write a mail as a customer; `answers` is the id of the mail that it answers, `ready_made` names files of ours."""

    person: Id
    to: Id
    subject: Annotated[str, Field(max_length=900)]
    text: Text
    answers: Id | None = None
    quote: bool = True
    automatic: bool = False
    files: Annotated[tuple[SentFile, ...], Field(max_length=MOST_FILES)] = ()
    ready_made: Annotated[tuple[Id, ...], Field(max_length=MOST_FILES)] = ()


class MoveClock(Body):
    """Move the clock forward by seconds, or to the next opening of the service window (9:00)."""

    seconds: Annotated[int, Field(ge=1, le=int(_LONGEST_STEP.total_seconds()))] | None = None
    to: Literal["opening"] | None = None


class Speak(Body):
    """Switch the staff's texts."""

    language: Literal["pl", "en"]


class Page:
    """Serves the page on loopback.

    Args:
        clock: The sandbox's time, which the page moves.
        calendar: The 8x5 window, for "next opening".
        mail: The customers' mail program.
        server: The mail server, for its news.
        slack: The Slack stand-in.
        bot: The bot's desk.
        port: Where to listen; 0 takes any free port.

    Attributes:
        port: Where it listens, once started.
    """

    def __init__(
        self,
        *,
        clock: MovableClock,
        calendar: ServiceCalendar,
        mail: CustomerMail,
        server: MailSandbox,
        slack: SlackSandbox,
        bot: BotDesk,
        port: int,
    ) -> None:
        self.port = port
        self._clock = clock
        self._calendar = calendar
        self._mail = mail
        self._server = server
        self._slack = slack
        self._bot = bot
        self._switching = asyncio.Lock()
        self._feed = Feed([self._entries, mail.entries, SlackActs(slack).entries], clock)
        self._acts: dict[str, Act] = {
            **{f"slack/{name}": act for name, act in SlackActs(slack).acts().items()},
            "mail/send": (SendMail, self._send_mail),
            "clock": (MoveClock, self._move_clock),
            "language": (Speak, self._speak),
        }
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.port}/"

    async def start(self) -> None:
        """Listen and follow what happens. Raises OperatorError when the port is taken."""
        app = web.Application(middlewares=[self._guard], client_max_size=2 * LARGEST)
        app.router.add_get("/", self._static)
        app.router.add_get("/page/{name}", self._static)
        app.router.add_get("/events", self._feed.stream)
        app.router.add_get("/mail/{letter}/html", self._mail_html)
        app.router.add_get("/mail/{letter}/source", self._mail_source)
        app.router.add_get("/mail/{letter}/draft", self._mail_draft)
        app.router.add_get("/slack/file/{file}", self._slack_file)
        app.router.add_get("/slack/file/{file}/picture", self._slack_picture)
        app.router.add_post("/act/{name:.+}", self._act)
        app.on_response_prepare.append(self._protect)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise OperatorError(
                f"cannot listen on {HOST}:{self.port} ({error.strerror}): is another demo running? "
                "Stop it, or choose another port with --port"
            ) from error
        self.port = int(self._runner.addresses[0][1])
        self._tasks = [
            asyncio.create_task(run(), name=f"page: {run.__name__}")
            for run in (self._feed.run, self._watch_slack, self._watch_mail, self._watch_bot)
        ]
        for task in self._tasks:
            task.add_done_callback(_tell_failure)
        self._feed.touch()

    async def stop(self) -> None:
        """End every stream and stop listening."""
        self._feed.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    # --- news

    async def _watch_slack(self) -> None:
        revision = 0
        while True:
            revision = await self._slack.workspace.next_revision(revision)
            self._feed.touch()

    async def _watch_mail(self) -> None:
        while True:
            if await self._server.wait_for_revision(self._server.revision + 1, within=60.0):
                self._feed.touch()

    async def _watch_bot(self) -> None:
        shown: Json = {}
        while True:  # the bot's parts announce nothing; looking at them costs a few reads of memory
            seen = self._bot_entry()
            if seen != shown:
                shown = seen
                self._feed.touch()
            await asyncio.sleep(_STATUS_EVERY)

    def _entries(self) -> Iterator[tuple[str, Json]]:
        yield "clock", {"offset_s": round(self._clock.offset.total_seconds())}
        yield "bot", self._bot_entry()

    def _bot_entry(self) -> Json:
        return {
            "language": self._bot.language,
            "health": self._bot.health_url,
            "parts": dict(self._bot.parts()),
            "switching": self._switching.locked(),
        }

    # --- safety

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what does not come from the page on this machine."""
        allowed = {f"{name}:{self.port}" for name in _NAMES}
        if request.headers.get("Host", "") not in allowed:
            return _refusal(421, f"this page is only served as {self.url}")
        if request.method not in ("GET", "HEAD"):
            if request.headers.get("Origin", "") != f"http://{request.headers['Host']}":
                return _refusal(403, "only the page itself may do this")
            if request.content_type != "application/json":
                return _refusal(415, "JSON is expected")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _refusal(error.status, error.reason)

    @staticmethod
    async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)

    # --- reading

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        known = {entry.name: entry for entry in files("bot.sandbox").joinpath("page").iterdir()}
        suffix = name.rpartition(".")[2]
        if name not in known or suffix not in _TYPES:
            raise web.HTTPNotFound
        return web.Response(body=known[name].read_bytes(), headers={"Content-Type": f"{_TYPES[suffix]}; charset=utf-8"})

    async def _mail_html(self, request: web.Request) -> web.Response:
        letter = self._letter(request)
        if letter.html is None:
            raise web.HTTPNotFound
        return web.Response(
            text=letter.html, content_type="text/html", headers={"Content-Security-Policy": MAIL_POLICY}
        )

    async def _mail_source(self, request: web.Request) -> web.Response:
        letter = self._letter(request)
        return web.Response(text=letter.raw.decode("utf-8", "replace"), content_type="text/plain")

    async def _mail_draft(self, request: web.Request) -> web.Response:
        return web.json_response(self._mail.draft(self._letter(request).id))

    async def _slack_file(self, request: web.Request) -> web.Response:
        return as_download(self._slack.workspace, request.match_info["file"])

    async def _slack_picture(self, request: web.Request) -> web.Response:
        return as_picture(self._slack.workspace, request.match_info["file"])

    def _letter(self, request: web.Request) -> Letter:
        try:
            return self._mail.letter(request.match_info["letter"])
        except LookupError:
            raise web.HTTPNotFound from None

    # --- acting

    async def _act(self, request: web.Request) -> web.Response:
        act = self._acts.get(request.match_info["name"])
        if act is None:
            raise web.HTTPNotFound
        shape, do = act
        try:
            answer = await do(shape.model_validate_json(await request.read()))
        except ValidationError as error:
            first = error.errors()[0]
            return _refusal(400, f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}")
        except (NotPossible, LookupError, MailNotSent, OperatorError) as error:
            return _refusal(409, str(error))
        self._feed.touch()
        return web.json_response(answer)

    async def _send_mail(self, body: SendMail) -> Json:
        letter = await self._mail.send(
            body.person,
            body.to,
            body.subject,
            body.text,
            answers=body.answers,
            quote=body.quote,
            automatic=body.automatic,
            files=enclosed(body.files, body.ready_made),
        )
        return {"ok": True, "id": letter.id, "thread": letter.thread}

    async def _move_clock(self, body: MoveClock) -> Json:
        if body.to == "opening":
            self._clock.move_to(self._next_opening())
        elif body.seconds is not None:
            self._clock.move(timedelta(seconds=body.seconds))
        return {"ok": True, "now": self._clock.now().isoformat()}

    def _next_opening(self) -> datetime:
        """The next opening, also when the window is open now: then that of the next open day."""
        now = self._clock.now()
        if not self._calendar.is_open(now):
            return self._calendar.next_opening(now)
        zone = ZoneInfo(self._calendar.zone)
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return self._calendar.next_opening(datetime.combine(tomorrow, time(), zone))

    async def _speak(self, body: Speak) -> Json:
        async with self._switching:
            if body.language != self._bot.language:
                self._feed.touch()
                await self._bot.speak(body.language)
        return {"ok": True}


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the page does not follow any more", exc_info=error, extra={"hezo": {"task": task.get_name()}})


def _refusal(status: int, reason: str) -> web.Response:
    return web.json_response({"ok": False, "error": reason}, status=status)
