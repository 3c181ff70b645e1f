"""Mails made to cost much: each through the pure rules, in a process whose memory is limited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.broken_mails import MOST_MEMORY
from tests.support.mail_bombs import BOMBS

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux shows it")
def test_bombs_do_not_go_off() -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.support.mail_bombs"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr
    measured = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [bomb["name"] for bomb in measured] == list(BOMBS)
    assert [bomb for bomb in measured if bomb["failure"] or bomb["seconds"] >= 2 or bomb["peak"] >= MOST_MEMORY] == []
