"""The tables of contracts and what they cover; more of `storage.schema`, under the same rules."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, UniqueConstraint, false

from bot.model import Language
from storage.schema import id_column, metadata, reference
from storage.types import PlainText, UtcDateTime, word_of


class ContactSource(StrEnum):
    """Who put a representative on a contract: an import may take back only what an import gave."""

    IMPORT = "import"
    STAFF = "staff"


contracts = Table(
    "contracts",
    metadata,
    id_column(),
    Column("key", PlainText, nullable=False, unique=True),  # the folded number
    Column("number", PlainText, nullable=False),
    Column("customer", PlainText, nullable=False),
    Column("nip", PlainText, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("language", word_of(Language)),
    Column("on_site", Boolean, nullable=False, server_default=false()),
    Column("updated_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

contract_devices = Table(
    "contract_devices",
    metadata,
    id_column(),
    reference("contract_id", "contracts.id"),
    Column("position", Integer, nullable=False),
    Column("serial", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    UniqueConstraint("contract_id", "serial"),
    sqlite_autoincrement=True,
)
Index(None, contract_devices.c.serial)

contract_contacts = Table(
    "contract_contacts",
    metadata,
    id_column(),
    reference("contract_id", "contracts.id"),
    Column("value", PlainText, nullable=False),  # "anna@klient.example" or "@klient.example", lower case
    Column("source", word_of(ContactSource), nullable=False),
    UniqueConstraint("contract_id", "value"),
    sqlite_autoincrement=True,
)
Index(None, contract_contacts.c.value)

contract_channels = Table(
    "contract_channels",
    metadata,
    id_column(),
    reference("contract_id", "contracts.id"),
    Column("channel", PlainText, nullable=False),  # Slack's id of a shared channel
    UniqueConstraint("contract_id", "channel"),
    sqlite_autoincrement=True,
)
Index(None, contract_channels.c.channel)
