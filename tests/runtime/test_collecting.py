"""What is loaded at the start is not looked through for garbage, and everything later is."""

from __future__ import annotations

import gc

import pytest

from bot.collecting import not_collecting


def broken_load() -> None:
    with not_collecting():
        assert not gc.isenabled()
        raise ImportError


def test_garbage_is_looked_for_again_whatever_happened_meanwhile() -> None:
    with pytest.raises(ImportError):
        broken_load()
    assert gc.isenabled()
