"""`python -m bench.growth`: whether leads per second stay the same while stored leads and live flows become many.

Rounds with few leads begin with a thousand each. Then the first sold lead is copied with its whole journal, as often
as asked, into the tables of its month, with ids of the moments before it, and the same posts are measured again.
Others take turns among many flows.
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
from bench.measuring import Measured, measure, print_head, show
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
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--flows", type=int, default=200)
    return parser.parse_args()


def _measure_all(market: Market, home: Path, options: argparse.Namespace) -> int:
    sources = home / "sources"
    sources.write_text("".join(f"{urlsplit(url).path} {key}\n" for url, key in market.sources))
    print_head()
    few, spread = _rounds(market, options, {"1 flow": None, f"{options.flows} flows": sources}, keeps=options.few)
    copy_leads(market.database_url, options.leads)
    [many] = _rounds(market, options, {"1 flow": None})
    _compare("many flows", spread, "one", few)
    _compare("many leads", many, "few", few)
    return 0 if all(one.agrees for one in [*few, *spread, *many]) else 1


def _rounds(
    market: Market, options: argparse.Namespace, ways: dict[str, Path | None], keeps: int | None = None
) -> list[list[Measured]]:
    """Print and return the rounds of each way of posting, which take turns, and turns in being first.

    Each begins with as many stored leads as it `keeps`, the first that came; with all of them where that is None.

    What the server does as its tables fill, such as clearing them up, meets all of them alike. Every process has to
    read each flow once, so that a round of each before them does not count.
    """
    for sources in ways.values():
        measure(market, options.connections, options.seconds, sources)
    rounds: dict[str, list[Measured]] = {name: [] for name in ways}
    for turn in range(options.rounds):
        for name in reversed(ways) if turn % 2 else ways:
            if keeps is not None:
                forget_leads(market.database_url, keeps)
            stored = market.stored()
            rounds[name].append(measure(market, options.connections, options.seconds, ways[name]))
            show(f"{stored:,} leads, {name}", rounds[name][-1])
    return list(rounds.values())


def _compare(name: str, rounds: list[Measured], other: str, others: list[Measured]) -> None:
    """Print how the means of leads per second and of CPU per lead of some rounds compare with those of others."""
    (rate, spent), (other_rate, other_spent) = _means(rounds), _means(others)
    print(f"{name}: {rate / other_rate:.2f} x the leads per second of {other}, {spent / other_spent:.2f} x the CPU")


def _means(rounds: list[Measured]) -> tuple[float, float]:
    """Return the means of leads per second and of CPU per lead in milliseconds.

    PostgreSQL clears up once a minute, which some rounds pay for; a median leaves that out, or not, by chance.
    """
    return statistics.mean(one.round.per_second for one in rounds), statistics.mean(one.spent for one in rounds)


def forget_leads(database_url: str, kept: int) -> None:
    """Take all leads but the first `kept` out of the tables, with their journals, as if they had never been."""
    with psycopg.connect(database_url, autocommit=True) as database:
        [last] = database.execute("SELECT id FROM lead ORDER BY id OFFSET %s LIMIT 1", [kept]).fetchone() or [None]
        for table, key in KEYS.items():
            named = {"table": sql.Identifier(table), "key": sql.Identifier(key)}
            database.execute(sql.SQL("DELETE FROM {table} WHERE {key} >= %s").format(**named), [last])
            database.execute(sql.SQL("VACUUM (FULL, ANALYZE) {table}").format(**named))
        database.execute("CHECKPOINT")


def copy_leads(database_url: str, many: int) -> None:
    """Store so many more leads, as the first sold one was carried; then let PostgreSQL look at its tables once.

    What is still to be written of them to the disk is written before anything is measured.
    """
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
        database.execute("CHECKPOINT")


if __name__ == "__main__":
    sys.exit(main())
