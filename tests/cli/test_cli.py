"""The command line's frame: what comes out, where, and with which exit code."""

import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import click
import pytest

from bot.about import version
from bot.cli import COMMANDS, Entry, LazyGroup, hezo360, main
from bot.errors import OperatorError, RetryLater

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module whose attribute `run` is the command `hezo360 trial`."""
    module = types.ModuleType("trial_commands")
    monkeypatch.setitem(sys.modules, "trial_commands", module)
    monkeypatch.setitem(COMMANDS, "trial", Entry("trial_commands:run", "Only for tests."))
    return module


def raising(error: BaseException) -> click.Command:
    @click.command()
    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    "error", [OperatorError("do this"), RetryLater("do this"), OperatorError("do this: xoxb-123 wrong")]
)
def test_a_mistake_of_the_operator_is_one_message(
    trial: types.ModuleType, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    trial.run = raising(error)  # type: ignore[attr-defined]  # a module made by hand
    assert main(["trial"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("do this")
    assert "Traceback" not in printed.err
    assert "xoxb-123" not in printed.err


def test_a_mistake_of_ours_names_where_its_trace_is(
    trial: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    trial.run = raising(RuntimeError("odd: postgresql://user:hunter2@host/db"))  # type: ignore[attr-defined]  # as above
    assert main(["trial"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("This is a mistake of the program, not yours: RuntimeError. Its trace is in ")
    match = re.search(r"in (\S+\.log)\.\n$", message)
    assert match is not None
    log = Path(match[1])
    try:
        trace = log.read_text()
        assert log.stat().st_mode & 0o077 == 0
    finally:
        log.unlink()
    assert "RuntimeError: odd" in trace
    assert "hunter2" not in trace


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130(
    trial: types.ModuleType, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    trial.run = raising(error)  # type: ignore[attr-defined]  # as above
    assert main(["trial"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_command_may_end_with_a_code_of_its_own(trial: types.ModuleType) -> None:
    trial.run = raising(click.exceptions.Exit(7))  # type: ignore[attr-defined]  # as above
    assert main(["trial"]) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option"),
        (["config"], "Usage:"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"hezo360 {version()}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", version())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says(name: str) -> None:
    group = hezo360
    assert isinstance(group, LazyGroup)
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.get_short_help_str(limit=100).rstrip(".") == COMMANDS[name].help.rstrip(".")
    assert command.name == name


def test_help_loads_none_of_the_heavy_parts() -> None:
    """Pydantic, SQLAlchemy, aiohttp and Slack take longer to load than the answer may take."""
    script = (
        "import sys; from bot.cli import main; code = main(['--help']);"
        "heavy = {'pydantic', 'sqlalchemy', 'aiohttp', 'slack_bolt', 'bot.config'} & set(sys.modules);"
        "sys.exit(f'loaded: {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(name in done.stdout for name in COMMANDS)


def test_python_m_bot_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--config", "absent.toml", "config", "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("absent.toml: there is no such file; ")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_from_a_terminal(tmp_path: Path) -> None:
    """A real SIGINT while a command waits: here for a configuration that comes through a pipe."""
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    program = subprocess.Popen(
        [sys.executable, "-m", "bot", "--config", str(pipe), "config", "check"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 60
        while True:  # opening for writing succeeds once the program has opened the pipe for reading
            try:
                writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:
                assert program.poll() is None, "the program ended before it opened its configuration"
                assert time.monotonic() < end, "the program never opened its configuration"
        program.send_signal(signal.SIGINT)
        os.close(writer)  # wakes it, should the signal have come just before it began to wait
        _, errors = program.communicate(timeout=60)
    finally:
        program.kill()
        program.wait()
    assert (program.returncode, errors) == (130, "interrupted\n")
