"""What can be read from the code: the direction of imports, and the invariants that have a visible form.

bot.app -> bot.loops -> (bot.edges | storage) -> handlers -> (bot.rules | bot.ports) -> bot.model, commands, effects
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "handlers", "storage")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

LAYERS: tuple[tuple[str, ...], ...] = (
    ("bot.__main__", "bot.cli", "bot.cli_commands"),
    ("bot.sandbox",),
    ("bot.app",),
    ("bot.loops",),
    ("bot.edges", "storage"),
    ("handlers",),
    ("bot.rules",),
    (
        "bot.ports",
        "bot.contract_ports",
        "bot.mail_ports",
        "bot.escalation_ports",
        "bot.sending_ports",
        "bot.entitlement_ports",
        "bot.replacement_ports",
    ),
    (
        "bot.effects",
        "bot.commands",
        "bot.commands_acting",
        "bot.commands_sending",
        "bot.entitlement_commands",
        "bot.replacement_commands",
        "bot.staff_directory",
        "bot.interview_commands",
    ),
    (
        "bot.model",
        "bot.people",
        "bot.sendings",
        "bot.escalations",
        "bot.entitlements",
        "bot.replacements",
        "bot.interviews",
        "bot.config",
        "bot.errors",
        "bot.config_values",
        "bot.config_escalation",
        "bot.config_replies",
        "bot.config_retention",
        "bot.config_entitlements",
        "bot.config_replacement",
    ),
)
"""From the top down. A module imports from its own row and the rows below, beside what SHARED says."""

SHARED = (
    "bot.logs",
    "bot.redaction",
    "bot.supervisor",
    "bot.health",
    "bot.config_loading",
    "bot.config_problems",
    "bot.config_secrets",
    "bot.toml_lines",
)
"""Helpers of the running program; the core (handlers and below) does not use them."""

SIDE_BY_SIDE = (("bot.edges", "storage"),)
"""Of one row, but neither may know the other."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, walked once."""
    return tuple(ast.walk(tree_of(path)))


def starts(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def layer(module: str) -> int | None:
    return next((row for row, names in enumerate(LAYERS) if any(starts(module, name) for name in names)), None)


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def calls(path: Path) -> frozenset[str]:
    """What a file calls, as it is written there."""
    return frozenset(ast.unparse(node.func) for node in nodes_of(path) if isinstance(node, ast.Call))


def violations(module: str, imported: str) -> str | None:
    if imported.split(".", maxsplit=1)[0] not in PACKAGES or any(starts(module, name) for name in SHARED):
        return None
    mine, theirs = layer(module), layer(imported)
    core = layer("handlers")
    assert core is not None
    if any(starts(imported, name) for name in SHARED):
        return f"{module} is core and imports {imported}" if mine is not None and mine >= core else None
    if mine is None or theirs is None or imported in PACKAGES:
        return None
    for pair in SIDE_BY_SIDE:
        for one, other in (pair, pair[::-1]):
            if starts(module, one) and starts(imported, other):
                return f"{module} imports {imported}, its neighbour"
    return f"{module} imports upwards: {imported}" if theirs < mine else None


# One test looks at every file: a case for each would cost more in reporting than in looking.
def test_imports_go_one_way() -> None:
    found = {violations(module_name(path), name) for path in FILES for name in imports(path)}
    assert found == {None}


def test_the_rule_for_imports_finds_what_it_is_for() -> None:
    assert violations("bot.rules.intake", "handlers.context")
    assert violations("handlers.clocks", "storage.engine")
    assert violations("storage.engine", "bot.edges.clock")
    assert violations("bot.model", "bot.ports")
    assert violations("handlers.clocks", "bot.logs")
    assert violations("bot.loops.inbox", "storage.engine") is None


CLOCK_READS = {"datetime.now", "datetime.utcnow", "datetime.datetime.now", "time.time", "date.today", "time.time_ns"}


def test_only_one_file_reads_the_clock() -> None:
    readers = [module_name(path) for path in FILES if not CLOCK_READS.isdisjoint(calls(path))]
    assert readers == ["bot.edges.clock"]


PURE = [
    path for path in FILES if module_name(path).startswith(("bot.rules", "bot.model", "bot.effects", "bot.commands"))
]
IMPURE_MODULES = (
    "asyncio",
    "socket",
    "aiohttp",
    "sqlalchemy",
    "slack_sdk",
    "slack_bolt",
    "subprocess",
    "random",
    "logging",
)


def test_rules_are_pure() -> None:
    for path in PURE:
        module = module_name(path)
        assert not [node for node in nodes_of(path) if isinstance(node, ast.AsyncFunctionDef | ast.Await)], module
        assert not [name for name in imports(path) if name.split(".")[0] in IMPURE_MODULES], module
        assert "open" not in calls(path), module


ONLY_IN = {
    "aioimaplib": ("bot.edges",),
    "aiosmtplib": ("bot.edges", "bot.sandbox"),
    "slack_sdk": ("bot.edges", "bot.app", "bot.sandbox"),
    "slack_bolt": ("bot.edges",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "pymap": ("bot.sandbox",),
    "aiosmtpd": ("bot.sandbox",),
    "click": ("bot.cli", "bot.cli_commands", "bot.__main__"),
}


def test_libraries_stay_at_their_edge() -> None:
    for path in FILES:
        module = module_name(path)
        for name in imports(path):
            allowed = ONLY_IN.get(name.split(".")[0])
            assert allowed is None or any(starts(module, prefix) for prefix in allowed), f"{module} imports {name}"


def test_importing_a_module_does_nothing() -> None:
    """Module level holds definitions and constants: no bare call, no loop, no `with`."""
    statements = [(path, node) for path in FILES if path.name != "__main__.py" for node in tree_of(path).body]
    for path, node in statements:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_index = isinstance(node, ast.Expr) and ast.unparse(node).startswith("Index(")  # a table's index, declared
        bare = isinstance(node, ast.Expr | ast.For | ast.While | ast.With | ast.Try)
        assert is_docstring or is_index or not bare, f"{path}, line {node.lineno}: {ast.unparse(node)[:80]}"


def test_files_fit_one_reading() -> None:
    assert [module_name(path) for path in FILES if len(path.read_text("utf-8").splitlines()) > 420] == []
