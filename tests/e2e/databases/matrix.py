"""Which driver was tried with what: features from transcripts, and the tables of docs/databases.md.

A client prints `ok FEATURE` after the lines that belong to the feature. It is proven when those
lines are the same beside the real server and beside the mock. The names are below: another one is
an error, so that a misspelt feature is not silently left out of the table.
"""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "databases.md"

DRIVERS: dict[str, tuple[str, ...]] = {
    "postgres": (
        "psycopg 3",
        "psycopg2",
        "asyncpg",
        "SQLAlchemy 2",
        "Django",
        "node-pg",
        "Sequelize",
        "Drizzle",
        "pgx 5",
        "lib/pq",
        "tokio-postgres",
        "pgjdbc (extended)",
        "pgjdbc (simple)",
        "Hibernate",
    ),
    "redis": ("redis-py", "redis-py asyncio", "ioredis", "go-redis 9", "Jedis", "redis-cli"),
}
"""The columns of each table, in order: the drivers for which a test calls `proven`."""

FEATURES: dict[str, tuple[str, ...]] = {
    "postgres": (
        "simple protocol",
        "extended protocol",
        "prepared statements",
        "binary results",
        "the other format",
        "pipelines and batches",
        "cursors",
        "rollback and savepoints",
        "errors and recovery",
        "COPY in",
        "COPY out",
        "LISTEN and NOTIFY",
        "every listed type",
        "arrays and enums",
        "NULLs",
        "Unicode",
        "1 MB values",
        "100,000 rows",
        "pool of 1, then 8",
        "changed trace comments",
        "reflection",
        "object mapping",
    ),
    "redis": (
        "commands",
        "pipelines",
        "MULTI and EXEC",
        "WATCH",
        "scripts",
        "blocking commands",
        "publish and subscribe",
        "RESP3",
        "errors and recovery",
        "several databases",
        "Unicode and bytes",
        "1 MB values",
        "pool of 1, then 8",
    ),
}
"""The rows of each table, in order: what a client may print after `ok `."""


def features(protocol: str, before: str, after: str) -> dict[str, bool]:
    """Feature -> whether its lines are equal in both transcripts.

    A feature printed more than once holds when each of its parts does; one that only one of the
    transcripts has does not. Raises ValueError for a name that is not in `FEATURES`.
    """
    first, second = _parts(protocol, before), _parts(protocol, after)
    return {name: first.get(name) == second.get(name) for name in {**first, **second}}


def _parts(protocol: str, transcript: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    lines: list[str] = []
    for line in transcript.splitlines():
        if not line.startswith("ok "):
            lines.append(line)
            continue
        name = line.removeprefix("ok ")
        if name not in FEATURES[protocol]:
            raise ValueError(f"{name!r} is no feature of the table of {protocol}")
        found.setdefault(name, []).append(lines)
        lines = []
    return found


def table(protocol: str, text: str) -> dict[str, frozenset[str]]:
    """Driver -> its features, as the table in the text of docs/databases.md says."""
    _, inner, _ = _around(protocol, text)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in inner.splitlines()]
    drivers = rows[0][1:] if rows else []
    return {
        driver: frozenset(row[0] for row in rows[2:] if row[index] == "yes")
        for index, driver in enumerate(drivers, 1)
    }


def with_driver(protocol: str, driver: str, proven: frozenset[str], text: str) -> str:
    """The text with another column for this driver. Raises KeyError for one not in `DRIVERS`."""
    if driver not in DRIVERS[protocol]:
        raise KeyError(driver)
    before, _, after = _around(protocol, text)
    columns = {**table(protocol, text), driver: proven}
    return before + rendered(protocol, columns) + after


def rendered(protocol: str, columns: dict[str, frozenset[str]]) -> str:
    """The table: a row for each feature that any driver has, a column for each driver."""
    drivers = [one for one in DRIVERS[protocol] if one in columns]
    rows = [["", *drivers], ["---"] * (len(drivers) + 1)]
    for feature in FEATURES[protocol]:
        cells = ["yes" if feature in columns[one] else "" for one in drivers]
        if any(cells):
            rows.append([feature, *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _around(protocol: str, text: str) -> tuple[str, str, str]:
    """What is before, in and after the table."""
    opening, closing = f"<!-- drivers: {protocol} -->\n", f"<!-- end: {protocol} -->\n"
    before, found, rest = text.partition(opening)
    inner, ended, after = rest.partition(closing)
    if not found or not ended:
        raise ValueError(f"docs/databases.md has no table of {protocol} between its markers")
    return before + opening, inner, closing + after
