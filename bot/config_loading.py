"""Reads the configuration: one TOML file, secrets from files and the environment, every mistake at once."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config import Config, ServiceSections
from bot.config_mail import MailConfig, MailNamesConfig
from bot.config_problems import Problems, allowed_keys
from bot.config_secrets import fill_in_secrets
from bot.errors import ConfigError
from bot.toml_lines import KeyPath, key_lines

_SYNTAX_HINTS = {
    "Cannot overwrite a value": "this key or table is given twice",
    "Invalid value": 'this is no value (a text stands in "quotation marks", a list in [brackets])',
}


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration and what people may want to know about how it was read.

    Attributes:
        origins: Where each secret came from, by its dotted key: the file's name, a variable or a path.
        warnings: What is legal but unwise about the files.
    """

    config: Config
    path: Path
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


def load_config(path: Path, env: Mapping[str, str]) -> Config:
    """Read and check the configuration.

    Args:
        path: The TOML file. Names of files in it are relative to its folder.
        env: Environment variables; those that start with HEZO360_ supply secrets and win over the file.

    Raises:
        ConfigError: With one line for every mistake: place, key and what is allowed. Never a secret's value.
    """
    return read_config(path, env).config


def read_config(path: Path, env: Mapping[str, str]) -> LoadedConfig:
    """Do as `load_config` and tell also where the secrets came from."""
    source = _read_text(path)
    raw = _parse(source, path)
    problems = Problems(str(path), key_lines(source))
    origins = fill_in_secrets(raw, path.parent, env, problems, str(path))
    _resolve_ca_files(raw, path.parent, problems)
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        problems.add_validation_errors(error.errors(include_url=False, include_input=False), raw)
        raise ConfigError(problems.texts) from None
    if problems.texts:
        raise ConfigError(problems.texts)
    if str(path) in origins.of.values() and path.stat().st_mode & stat.S_IROTH:
        origins.warnings.append(f"{path} holds secrets and can be read by every user of this machine; chmod 600 {path}")
    return LoadedConfig(config, path, origins.of, tuple(origins.warnings))


def read_sections(path: Path, *, must_exist: bool) -> ServiceSections:
    """Read what the service promises, for commands that answer a question without any server or secret.

    Servers, tokens and the environment are not looked at, so a file without them is as good as a whole one; keys that
    nobody knows are refused wherever such a key could have been meant for one of these sections.

    Args:
        path: The TOML file.
        must_exist: Whether somebody named it; otherwise the service terms stand where there is none.

    Raises:
        ConfigError: With one line for every mistake in these sections.
    """
    if not must_exist and not os.path.lexists(path):
        return ServiceSections()
    source = _read_text(path)
    raw = _without(_parse(source, path), set(allowed_keys(())) - set(ServiceSections.model_fields))
    if isinstance(raw.get("mail"), dict):
        raw["mail"] = _without(raw["mail"], set(allowed_keys(("mail",))) - set(MailNamesConfig.model_fields))
    try:
        return ServiceSections.model_validate(raw)
    except ValidationError as error:
        problems = Problems(str(path), key_lines(source))
        problems.add_validation_errors(error.errors(include_url=False, include_input=False), raw)
        raise ConfigError(problems.texts) from None


def config_for_reading(sections: ServiceSections) -> Config:
    """A configuration for what reads mails and changes nothing: it has no mailboxes, servers, channels and secrets."""
    known = dict(sections)
    return Config.model_construct(**known | {"mail": MailConfig.model_construct(**dict(sections.mail), imap=())})


def _without(table: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def _read_text(path: Path) -> str:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        advice = "copy config.example.toml to it and fill it in, or name another file with --config"
        raise ConfigError([f"{path}: there is no such file; {advice}"]) from None
    except IsADirectoryError:
        raise ConfigError([f"{path}: is a folder; name the TOML file in it with --config"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}; check its permissions"]) from None
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: is not UTF-8 text; save the file as UTF-8"]) from None


def _parse(source: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        # Python 3.11 tells the place only in words: "(at line 3, column 5)" or "(at end of document)".
        what, _, place = str(error).rpartition(" (at ")
        if numbers := re.fullmatch(r"line (\d+), column (\d+)\)", place):
            line, where = numbers[1], f"column {numbers[2]}"
        else:
            line, where = str(source.rstrip().count("\n") + 1), "at the end of the file"
        raise ConfigError([f"{path}:{line}: is not valid TOML, {where}: {_SYNTAX_HINTS.get(what, what)}"]) from None


def _resolve_ca_files(raw: dict[str, Any], folder: Path, problems: Problems) -> None:
    """Make the names of certificate files absolute and see that they can be read."""
    mail = raw.get("mail")
    if not isinstance(mail, dict):
        return
    servers: list[tuple[KeyPath, object]] = [(("mail", "smtp"), mail.get("smtp"))]
    if isinstance(mail.get("imap"), list):
        servers += [(("mail", "imap", index), mailbox) for index, mailbox in enumerate(mail["imap"])]
    for path, server in servers:
        name = server.get("ca_file") if isinstance(server, dict) else None
        if not isinstance(server, dict) or not isinstance(name, str) or not name:
            continue
        file = (folder / name).absolute()
        server["ca_file"] = str(file)
        try:
            file.read_bytes()
        except OSError as error:
            problems.at_key((*path, "ca_file"), f"{file} cannot be read: {error.strerror}")
