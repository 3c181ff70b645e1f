"""The log of slack_sdk and slack_bolt, without what they would put into it: tokens, tickets, people's texts."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?<=ticket=)[^&'\"\s)]+|(?<=/response/)\S+")
_ENOUGH = 300
_TOLD_BY_US = "Failed to retrieve WSS URL"
"""slack_sdk logs this and raises; what is raised, `bot.edges.slack_socket` puts into words that help."""


class _Redacting(logging.Filter):
    """Keeps one short line of a record: traces and payloads hold texts, addresses of sockets hold tickets."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.getMessage().startswith(_TOLD_BY_US):
            return False
        line = _SECRET.sub("[secret]", record.getMessage().split("\n", 1)[0])
        record.msg, record.args = line[:_ENOUGH], ()
        record.exc_info = record.exc_text = None
        return True


def sdk_logger() -> logging.Logger:
    """The logger to hand to slack_sdk and slack_bolt: warnings and errors only, since they log payloads below that."""
    logger = logging.getLogger("bot.edges.slack_sdk")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(one, _Redacting) for one in logger.filters):
        logger.addFilter(_Redacting())
    return logger
