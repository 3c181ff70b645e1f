"""Log lines: machine-readable, followable by ticket, and free of secrets and customers' words."""

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from bot.config import LogConfig
from bot.logs import configure_logs, log_context, log_fields, logs_are_configured

log = logging.getLogger("bot.trial")


class Logs:
    """What was written so far."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def configure(self, level: str = "info", form: str = "json", secrets: tuple[str, ...] = ()) -> None:
        configure_logs(LogConfig.model_validate({"level": level, "format": form}), self.stream, secrets)
        root = logging.getLogger()
        root.handlers[:] = root.handlers[-1:]  # pytest's own handler raises on a line that cannot be formatted

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logs() -> Iterator[Logs]:
    """Logs of their own; the process's are put back afterwards."""
    root = logging.getLogger()
    level = root.level
    yield Logs()
    for handler in [handler for handler in root.handlers if type(handler).__module__ == "bot.logs"]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_a_line_is_one_json_object(logs: Logs) -> None:
    logs.configure()
    log.info("mail stored\nin %s", "INBOX", extra=log_fields(mailbox="pomoc", uid=17, seen=False, none=None, level=50))
    (event,) = logs.events
    time = event.pop("time")
    assert time.endswith("+00:00")
    assert "T" in time
    assert event == {
        "level": "info",
        "logger": "bot.trial",
        "message": "mail stored\nin INBOX",
        "mailbox": "pomoc",
        "uid": 17,
        "seen": False,
        "none": None,
        "level_": 50,
    }


def test_level(logs: Logs) -> None:
    logs.configure(level="warning")
    log.info("quiet")
    log.warning("loud")
    assert [event["message"] for event in logs.events] == ["loud"]


def test_configuring_again_replaces(logs: Logs) -> None:
    assert not logs_are_configured()
    logs.configure()
    logs.configure(level="debug")
    log.debug("once")
    assert [event["message"] for event in logs.events] == ["once"]
    assert logs_are_configured()


async def test_lines_of_one_ticket_can_be_followed(logs: Logs) -> None:
    logs.configure()

    async def handle(ticket: str, done: asyncio.Event, other: asyncio.Event) -> None:
        with log_context(ticket=ticket), log_context(inbox=1):
            log.info("begin")
            done.set()
            await other.wait()
            await asyncio.create_task(deeper())

    async def deeper() -> None:
        log.info("end", extra=log_fields(inbox=2))

    first, second = asyncio.Event(), asyncio.Event()
    await asyncio.wait_for(asyncio.gather(handle("A", first, second), handle("B", second, first)), timeout=5)
    log.info("outside")
    lines = [(event.get("ticket"), event["message"], event.get("inbox")) for event in logs.events]
    assert sorted(lines[:-1], key=str) == [("A", "begin", 1), ("A", "end", 2), ("B", "begin", 1), ("B", "end", 2)]
    assert lines[-1] == (None, "outside", None)


def test_nothing_secret_is_written_wherever_it_stands(logs: Logs) -> None:
    logs.configure(secrets=("hunter2",))
    try:
        raise RuntimeError("login as anna.nowak@klient.example with hunter2 and xoxb-1-2")
    except RuntimeError:
        log.exception(
            "cannot log in with %s",
            "hunter2",
            extra=log_fields(to="anna.nowak@klient.example", tried=["hunter2", {"x": "xapp-1"}]),
        )
    (event,) = logs.events
    for hidden in ("hunter2", "xoxb", "xapp", "anna.nowak"):
        assert hidden not in logs.text
    assert event["to"] == "a***@klient.example"
    assert event["trace"].startswith("Traceback")
    assert event["trace"].endswith("login as a***@klient.example with *** and ***")


def test_message_ids_stay_whole(logs: Logs) -> None:
    logs.configure(secrets=("hunter2",))
    log.info("sent", extra=log_fields(message_id="<abc.def@myhezo.pl>", to="abc.def@myhezo.pl"))
    assert logs.events[0]["message_id"] == "<abc.def@myhezo.pl>"
    assert logs.events[0]["to"] == "a***@myhezo.pl"


@pytest.mark.parametrize(
    "name",
    [
        "slack_bolt.AsyncApp",
        "slack_sdk.web.async_client",
        "aioimaplib.aioimaplib",
        "aiosmtplib",
        "sqlalchemy.engine.Engine",
        "asyncio",
        "unheard.of",
    ],
)
def test_libraries_are_held_back_at_every_level(logs: Logs, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure(level="debug")
    library = logging.getLogger(name)
    monkeypatch.setattr(library, "disabled", False)  # the IMAP edge silences its library altogether, for ever
    level = library.level
    library.setLevel(logging.DEBUG)  # as slack-bolt does with copies of its loggers
    try:
        library.debug("Sending: LOGIN anna secret")
        library.info("body: Dzień dobry")
        library.error("Unhandled request ({'text': 'Dzień dobry'})\n[Suggestion] Dzień dobry")
    finally:
        library.setLevel(level)
    assert [event["message"] for event in logs.events] == ["Unhandled request ("]


def test_warnings_of_python_are_logged(logs: Logs) -> None:
    logs.configure()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old way", UserWarning, stacklevel=1)
    assert "old way" in logs.events[0]["message"]


def test_text_for_terminals(logs: Logs) -> None:
    logs.configure(form="text")
    try:
        raise ValueError("bad\nworse")
    except ValueError:
        log.exception("subject: %s", "fine\r\n12:00 forged \x1b[2J", extra=log_fields(uid=17))
    line, *trace = logs.text.splitlines()
    assert line[12:] == r" error   subject: fine\r\n12:00 forged \x1b[2J uid=17 (bot.trial)"
    assert trace[0] == "    Traceback (most recent call last):"
    assert trace[-1] == "    worse"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_line_is_forged_and_no_terminal_driven(logs: Logs, form: str) -> None:
    """A server's or a mail's words in an exception: escapes of eight bits, other line ends, text turned around."""
    logs.configure(form=form)
    foreign = "zażółć\r12:00 forged \x1b[2J \x9b2J \x85\u2028\u202e\ud800\x7f\U000e0041"
    try:
        raise ValueError(foreign)
    except ValueError:
        log.exception("said: %s", foreign, extra=log_fields(who=foreign))
    lines = logs.text.splitlines()
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.startswith("12:00 forged")] == []
    assert logs.text.count("zażółć") == 3
    if form == "json":
        [event] = logs.events
        assert event["who"] == foreign
        assert event["message"] == f"said: {foreign}"


def test_a_line_that_cannot_be_written_does_not_spill_its_arguments(
    logs: Logs, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    log.info("%d", "hunter2")
    assert logs.text == "a log line of bot.trial could not be written: TypeError\n"
    logs.stream.close()
    log.info("nobody listens to hunter2")
    assert capsys.readouterr().err == ""
