"""Fills secrets into the raw configuration from files (`password_file = "..."`) and environment variables."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from bot.config_problems import Problems, dotted
from bot.config_service_account import parts_of_a_key
from bot.errors import ConfigError
from bot.toml_lines import KeyPath

PREFIX = "HEZO360_"
CONFIG_VARIABLE = "HEZO360_CONFIG"
_LARGEST_SECRET = 65536
_OF_MANY_LINES = frozenset({"service_account_key"})

_SECRETS: tuple[KeyPath, ...] = (
    ("database", "url"),
    ("mail", "token_key"),
    ("mail", "smtp", "password"),
    ("slack", "bot_token"),
    ("slack", "app_token"),
    ("slack", "signing_secret"),
    ("escalation", "webhook", "secret"),
)


@dataclass(slots=True)
class SecretOrigins:
    """Where secrets came from.

    Attributes:
        of: By dotted key: "config.toml", a variable's name or a file's path.
        warnings: What is legal but unwise about them.
    """

    of: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def secret_keys(raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Give every key that holds a secret, with the environment variable that may supply it.

    Those of a mailbox or a [[mail.oauth]] carry its name in capitals, with - as _: HEZO360_MAIL_IMAP_POMOC_PASSWORD.
    """
    for path in _SECRETS:
        yield path, PREFIX + "_".join(str(part).upper() for part in path)
    mail = raw.get("mail")
    for table, key in (
        ("imap", "password"),
        ("oauth", "client_secret"),
        ("oauth", "refresh_token"),
        ("oauth", "service_account_key"),
    ):
        listed = mail.get(table) if isinstance(mail, dict) else None
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            named = isinstance(name, str) and name != ""
            variable = f"{PREFIX}MAIL_{table}_{name}_{key}".upper().replace("-", "_") if named else ""
            yield ("mail", table, index, key), variable


def secret_values(section: BaseModel) -> frozenset[str]:
    """Every secret value of a configuration, for the redaction of logs; of a database URL only its password."""
    found: set[str] = set()
    for _, value in section:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                found |= secret_values(item)
            elif isinstance(item, SecretStr):
                found |= _sensitive_parts(item.get_secret_value())
    return frozenset(found)


def _sensitive_parts(secret: str) -> set[str]:
    if secret.lstrip().startswith("{"):
        return {secret, *parts_of_a_key(secret)}
    if "://" not in secret:
        return {secret}
    password = urlsplit(secret).password
    return {password, unquote(password)} if password else set()


def fill_in_secrets(
    raw: dict[str, Any], folder: Path, environment: Mapping[str, str], problems: Problems, file_name: str
) -> SecretOrigins:
    """Put secrets from files and the environment into `raw` and take the `_file` keys out of it.

    Args:
        raw: The parsed TOML; changed in place.
        folder: Where the configuration file lies; file names in it are relative to it.
        environment: Variables that start with HEZO360_ supply secrets and win over the file.
        problems: Takes the mistakes.
        file_name: The configuration file, as people call it.
    """
    origins = SecretOrigins()
    known = {CONFIG_VARIABLE}
    for path, variable in secret_keys(raw):
        if variable:
            known |= {variable, f"{variable}_FILE"}
            problems.may_come_from(path, variable)
        table = _table(raw, path[:-1], create=variable in environment or f"{variable}_FILE" in environment)
        if table is not None:
            try:
                _fill_in(table, path, variable, folder, environment, origins)
            except _Misplaced as mistake:
                problems.elsewhere(mistake.place, str(mistake))
                problems.settle(path)
            except ConfigError as mistake:
                problems.at_key((*path[:-1], f"{path[-1]}_file"), str(mistake))
                problems.settle(path)
            if dotted(path) in origins.of:
                problems.came_from(path, origins.of[dotted(path)])
            elif path[-1] in table:
                origins.of[dotted(path)] = file_name
    _refuse_unknown(environment, known, problems)
    return origins


def _fill_in(
    table: dict[str, Any],
    path: KeyPath,
    variable: str,
    folder: Path,
    environment: Mapping[str, str],
    origins: SecretOrigins,
) -> None:
    key = str(path[-1])
    named_file = table.pop(f"{key}_file", None)
    lines = key in _OF_MANY_LINES
    found = _from_environment(variable, environment, origins, many_lines=lines)
    if found is None and named_file is not None:
        if key in table:
            raise ConfigError([f'"{key}" and "{key}_file" are both given; keep one of them'])
        found = _from_named_file(named_file, folder, origins, many_lines=lines)
    if found is not None:
        table[key], origins.of[dotted(path)] = found


def _refuse_unknown(environment: Mapping[str, str], known: set[str], problems: Problems) -> None:
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in known:
            close = get_close_matches(variable, sorted(known), n=1, cutoff=0.8)
            names = ", ".join(name for name in sorted(known) if not name.endswith("_FILE"))
            hint = f"did you mean {close[0]}?" if close else f"known are {names}, the secrets also with _FILE"
            problems.elsewhere(variable, f"unknown environment variable; {hint}")


class _Misplaced(ConfigError):
    """A mistake in the environment rather than in the configuration file."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__([text])
        self.place = place


def _from_environment(
    variable: str, environment: Mapping[str, str], origins: SecretOrigins, *, many_lines: bool
) -> tuple[str, str] | None:
    by_file = f"{variable}_FILE"
    if not variable or (variable not in environment and by_file not in environment):
        return None
    if variable in environment and by_file in environment:
        raise _Misplaced(variable, f"{by_file} is set as well; keep one of them")
    if variable in environment:
        if not environment[variable]:
            raise _Misplaced(variable, "is empty; give it a value or remove it")
        return environment[variable], variable
    try:
        return _read_secret(Path(environment[by_file]), origins, many_lines=many_lines), by_file
    except ConfigError as mistake:
        raise _Misplaced(by_file, str(mistake)) from None


def _from_named_file(name: object, folder: Path, origins: SecretOrigins, *, many_lines: bool) -> tuple[str, str]:
    if not isinstance(name, str) or not name:
        raise ConfigError(["allowed is the name of a file that holds the secret"])
    path = folder / name
    return _read_secret(path, origins, many_lines=many_lines), str(path)


def _read_secret(path: Path, origins: SecretOrigins, *, many_lines: bool) -> str:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            octets = file.read(_LARGEST_SECRET + 1)
    except FileNotFoundError:
        raise ConfigError([f"there is no file {path}; create it or correct the name"]) from None
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}; check its permissions"]) from None
    try:
        text = octets.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError([f"{path} is not UTF-8 text"]) from None
    if not text.strip():
        raise ConfigError([f"{path} is empty; put the secret into it"])
    if ("\n" in text and not many_lines) or len(octets) > _LARGEST_SECRET:
        raise ConfigError([f"{path} holds more than one line; it may hold nothing but the secret"])
    if stat.S_IMODE(mode) & stat.S_IROTH:
        origins.warnings.append(f"{path} can be read by every user of this machine; chmod 600 {path}")
    return text


def _table(raw: dict[str, Any], path: KeyPath, *, create: bool) -> dict[str, Any] | None:
    """The table at a path, made where `create`; None where it is absent or something else stands there."""
    here: Any = raw
    for part in path:
        if isinstance(part, str) and create and isinstance(here, dict):
            here = here.setdefault(part, {})
        elif isinstance(part, str):
            here = here.get(part) if isinstance(here, dict) else None
        else:
            here = here[part]
    return here if isinstance(here, dict) else None
