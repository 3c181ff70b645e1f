"""Twenty thousand broken mails: none raises, none takes long, none takes much memory.

Each case is a process of its own, so that its memory is its own: a mail that takes more than MOST_MEMORY meets a
MemoryError, and the most that was ever in memory is read from the system. HEZO_FUZZ_MAILS sets how many mails, and
HEZO_FUZZ_SEED which: `HEZO_FUZZ_SEED=7 HEZO_FUZZ_MAILS=1000000` looks further.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.broken_mails import MOST_MEMORY

ROOT = Path(__file__).parents[2]
CASES = 5
MAILS = int(os.environ.get("HEZO_FUZZ_MAILS", "20000")) // CASES
SEED = int(os.environ.get("HEZO_FUZZ_SEED", "20261120"))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux shows it")
@pytest.mark.parametrize("case", range(CASES))
def test_broken_mails_are_understood_as_far_as_possible(case: int) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.support.broken_mails", str(SEED + case), str(MAILS)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1_800, check=False)
    assert finished.returncode == 0, finished.stderr
    measured = json.loads(finished.stdout)
    assert measured["failed"] == []
    assert measured["count"] == MAILS
    assert measured["slowest"] < 2
    assert measured["peak"] < MOST_MEMORY
