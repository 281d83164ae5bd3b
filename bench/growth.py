"""`python -m bench.growth`: whether leads per second stay the same while stored leads and live flows become many.

The first sold lead is copied with its whole journal, as often as asked, into the tables of its month, with ids of the
moments before it; then the same posts are measured again, and again with posts that take turns among many flows.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.market import Market, a_buyer, a_market
from bench.measuring import measure, print_head, show
from flowbuilder import embedded

BATCH = 50_000
KEYS = {"lead": "id", "lead_event": "lead_id", "offer": "lead_id", "attempt": "lead_id"}
FIRST = "SELECT id FROM lead WHERE outcome = 'sold' ORDER BY id LIMIT 1"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
# The first 48 bits of an id are its milliseconds: a copy is from `n` of them before the first lead.
COPY = """
    INSERT INTO {table} ({key}, {columns})
    SELECT (lpad(to_hex(('x' || left(digits, 12))::bit(48)::bigint - n), 12, '0') || substr(digits, 13))::uuid,
           {columns}
      FROM (SELECT *, replace({key}::text, '-', '') AS digits FROM {table} WHERE {key} = %s) AS copied,
           generate_series(%s::bigint, %s::bigint) AS n
"""


def main() -> int:
    """Print the rounds with few and many stored leads, then with one and many live flows; 1 when numbers differ."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home)
        try:
            with a_buyer(0, home) as buyer_url, a_market(servers, buyer_url, home, flows=options.flows) as market:
                return _measure_all(market, home, options)
        finally:
            embedded.delete(home)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--flows", type=int, default=200)
    return parser.parse_args()


def _measure_all(market: Market, home: Path, options: argparse.Namespace) -> int:
    sources = home / "sources"
    sources.write_text("".join(f"{urlsplit(url).path} {key}\n" for url, key in market.sources))
    print_head()
    few = _rounds(market, options, None)
    spread = _rounds(market, options, sources)
    copy_leads(market.database_url, options.leads)
    many = _rounds(market, options, None)
    print(f"many flows: {spread[0] / few[0]:.2f} x the leads per second of one, {spread[1] / few[1]:.2f} x the CPU")
    print(f"many leads: {many[0] / few[0]:.2f} x the leads per second of few, {many[1] / few[1]:.2f} x the CPU")
    return 0 if few[2] and spread[2] and many[2] else 1


def _rounds(market: Market, options: argparse.Namespace, sources: Path | None) -> tuple[float, float, bool]:
    """Print the rounds; return the medians of leads per second and CPU per lead, and whether all numbers agree.

    Every process has to read each flow once, so that a round before them does not count.
    """
    measure(market, options.connections, options.seconds, sources)
    name = f"{market.stored():,} leads, {options.flows if sources else 1} flows"
    rounds = []
    for _ in range(options.rounds):
        rounds.append(measure(market, options.connections, options.seconds, sources))
        show(name, rounds[-1])
    rates = statistics.median(one.round.per_second for one in rounds)
    return rates, statistics.median(sum(one.cpu.values()) for one in rounds), all(one.agrees for one in rounds)


def copy_leads(database_url: str, many: int) -> None:
    """Store so many more leads, as the first sold one was carried; then let PostgreSQL look at its tables once."""
    with psycopg.connect(database_url, autocommit=True) as database:
        [first] = database.execute(FIRST).fetchone() or [None]
        for table, key in KEYS.items():
            names = [name for (name,) in database.execute(COLUMNS, [table]) if name != key]
            statement = sql.SQL(COPY).format(
                table=sql.Identifier(table),
                key=sql.Identifier(key),
                columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            )
            for start in range(1, many + 1, BATCH):
                database.execute(statement, [first, start, min(start + BATCH - 1, many)])
            database.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))


if __name__ == "__main__":
    sys.exit(main())
