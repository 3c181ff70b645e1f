# ruff: noqa: INP001 - a folder of programs, not a package
"""Measures how long `/hezo search` looks among many tickets: `python -m benchmarks.searching [tickets]`, on SQLite.

Filling takes about a minute for a hundred thousand tickets of forty words each.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from storage.contract_import import import_contracts
from storage.engine import Database
from storage.migrating import upgrade
from storage.searching import TicketSearch
from tests.storage.making import FakeClock, a_message, a_ticket, make_database

COMMON = [
    "zasilacz", "dioda", "restart", "fortigate", "dostęp", "awaria", "sieć", "vpn", "tunel", "ipsec", "port",
    "firmware", "interfejs", "licencja", "log", "błąd", "pamięć", "procesor", "temperatura", "wentylator", "kabel",
    "konsola", "hasło", "polityka", "reguła", "routing", "bgp", "ospf", "klaster", "numer", "umowa", "aktualizacja",
]  # fmt: skip
RARE = [f"slowo{number}" for number in range(20_000)]
QUESTIONS = (
    "fortigate", "fortigate nie dziala", "slowo77", "zasilacz mleczarnia", "fg121gtk25004672 vpn", "mleczarnia",
    "restart dioda vpn ipsec tunel", "slowo1 slowo2", "HZ360-2026-000101", "nie ma takiego slowa",
)  # fmt: skip
CONTRACT = (
    "contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language\n"
    "HZ360-2026-000101,Mleczarnia,8341710008,2025-03-01,2035-02-28,FG121GTK25004672,,anna@klient.example,pl\n"
)
BATCH = 1_000


async def fill(database: Database, count: int) -> None:
    """Tickets with a message each; one in fifty is the dairy's."""
    dice = random.Random(1)  # noqa: S311 - nothing secret, and the same each time
    await import_contracts(database, CONTRACT.encode())
    for start in range(0, count, BATCH):
        async with database.begin() as uow:
            for number in range(start, start + BATCH):
                subject = f"FortiGate nie działa {dice.choice(COMMON)}"
                ticket = await uow.tickets.add(a_ticket(subject=subject, contract_id=None if number % 50 else 1))
                words = " ".join([*dice.choices(COMMON, k=30), *dice.choices(RARE, k=10)])
                await uow.tickets.add_message(a_message(ticket.id, text=words))


async def main(count: int) -> None:
    """Print the median and the longest of five looks for each question, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'search.sqlite3'}"
        await upgrade(url)
        database = make_database(url, FakeClock())
        await database.open()
        await fill(database, count)
        for question in QUESTIONS:
            spans = []
            for _ in range(5):
                began = time.perf_counter()
                found = await TicketSearch(database).find(question, 15)
                spans.append((time.perf_counter() - began) * 1_000)
            print(f"{question:32} {len(found.tickets):3} {sorted(spans)[2]:6.0f} ms, at most {max(spans):.0f}")  # noqa: T201
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
