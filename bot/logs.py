"""Structured logs on standard error: one line an event, without secrets and without customers' words.

`configure_logs` is called once at the start. From then on any module logs with the standard library:

    log = logging.getLogger(__name__)
    log.info("mail stored", extra=log_fields(mailbox="pomoc", uid=17))

and `with log_context(ticket="HEZO-2026-000123"):` marks every line of what runs inside, tasks started there included.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from bot.config import LogConfig
from bot.redaction import Redactor

_FIELDS = "hezo"
_RESERVED = frozenset({"time", "level", "logger", "message", "trace"})
# Message-IDs look like addresses; shortened ones could not be looked up in a mailbox.
_KEPT_WHOLE = frozenset({"message_id", "rfc_message_id", "in_reply_to"})

# What libraries say below these levels may hold mails, Slack payloads, SQL parameters or logins.
_LIBRARIES: Mapping[str, int] = {
    "aiohttp.access": logging.ERROR,
    "aioimaplib": logging.ERROR,
    "aiosmtpd": logging.ERROR,
    "aiosmtplib": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "asyncpg": logging.WARNING,
    "mail": logging.ERROR,  # aiosmtpd's other name
    "pymap": logging.ERROR,
    "slack_bolt": logging.WARNING,
    "slack_sdk": logging.WARNING,
    "sqlalchemy": logging.WARNING,
}
_OURS = frozenset({"bot", "handlers", "storage", "__main__", "py"})  # "py" has the warnings of `warnings.warn`
_LONGEST_FOREIGN = 300

_context: ContextVar[Mapping[str, object] | None] = ContextVar("log_context", default=None)


def log_fields(**fields: object) -> dict[str, dict[str, object]]:
    """Give the `extra` of a log call: facts of the event, searchable by name. Never customers' words."""
    return {_FIELDS: fields}


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Put these fields on every line that is logged inside, also by tasks that are started inside."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def configure_logs(config: LogConfig, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """Send all logs of the process to a stream. A second call replaces the first.

    Args:
        config: Level and format.
        stream: Where lines go; standard error in production.
        secrets: Values that must never be written, whatever logs them.
    """
    formatter = JsonFormatter(Redactor(secrets)) if config.format == "json" else TextFormatter(Redactor(secrets))
    handler = _Handler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(_speaks_safely)
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(config.level.upper())
    for name, level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)


def logs_are_configured() -> bool:
    """Whether `configure_logs` was called in this process."""
    return any(isinstance(handler, _Handler) for handler in logging.getLogger().handlers)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        """Say that a line was lost; the library's own report would print the arguments as they are."""
        if isinstance(sys.exception(), OSError | ValueError):
            return  # the stream is closed or full: there is nowhere to say it
        self.stream.write(f"a log line of {record.name} could not be written: {type(sys.exception()).__name__}\n")


def _speaks_safely(record: logging.LogRecord) -> bool:
    """Hold the libraries' levels here too: slack-bolt copies its loggers with levels of their own."""
    name = record.name
    if name.partition(".")[0] in _OURS:
        return True
    while name:
        if name in _LIBRARIES:
            return record.levelno >= _LIBRARIES[name]
        name = name.rpartition(".")[0]
    return record.levelno >= logging.WARNING


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.name.partition(".")[0] in _OURS:
        return text
    # Libraries quote payloads ("Unhandled request ({'type': ...})"): what comes before the payload says enough.
    text = text.partition("\n")[0].partition("{")[0]
    return text if len(text) <= _LONGEST_FOREIGN else f"{text[:_LONGEST_FOREIGN]}..."


class _EventFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def event(self, record: logging.LogRecord) -> dict[str, object]:
        """The record as names and values, redacted."""
        given = getattr(record, _FIELDS, None)
        fields = {**(_context.get() or {}), **(given if isinstance(given, dict) else {})}
        event: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redactor.all(_message(record)),
        }
        for name, value in fields.items():
            event[f"{name}_" if name in _RESERVED else name] = self._clean(name, value)
        if record.exc_info and record.exc_info[0] is not None:
            event["trace"] = self._redactor.all(self.formatException(record.exc_info))
        return event

    def _clean(self, name: str, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._clean(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(name, item) for item in value]
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        return self._redactor.secrets(text) if name in _KEPT_WHOLE else self._redactor.all(text)


class JsonFormatter(_EventFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line = json.dumps(self.event(record), ensure_ascii=False)
        if line.isprintable():
            return line
        # JSON itself escapes only the controls of seven bits, and leaves what else ends a line or drives a terminal.
        return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)


class TextFormatter(_EventFormatter):
    """For people at a terminal: time, level, message, fields; a trace indented below."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, and more for a trace."""
        event = self.event(record)
        head = f"{str(event.pop('time'))[11:23]} {event.pop('level')!s:7}"
        trace = event.pop("trace", None)
        logger, message = event.pop("logger"), event.pop("message")
        fields = "".join(f" {name}={_one_line(value)}" for name, value in event.items())
        line = f"{head} {_one_line(message)}{fields} ({logger})"
        return "\n    ".join([line, *([] if trace is None else map(_one_line, str(trace).split("\n")))])


def _one_line(value: object) -> str:
    """No control characters: a mail's words must not be able to forge a line or drive the terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))
