"""Ports on which nobody listens."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One on the loopback; whoever listens there soon has it, nearly always."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
