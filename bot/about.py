"""Which version of the program this is."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path


def version() -> str:
    """The program's version: of the installed package or, in a checkout, of pyproject.toml."""
    try:
        return metadata.version("hezo360-bot")
    except metadata.PackageNotFoundError:
        project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
