"""The promises of docs/redaction.md, on a corpus made with Faker: recall, and what is left alone."""

from __future__ import annotations

import pytest

from bench.redaction import BEGIN, DOCS, END, corpus, measure, speed, table

pytest.importorskip("faker")


@pytest.mark.parametrize(
    ("size", "seed"), [(800, 3), pytest.param(10_000, 7, marks=pytest.mark.long)]
)
def test_recall_and_ordinary_values(size: int, seed: int) -> None:
    """At least 99% of what has a check digit or a fixed form, by kind; at most 0.5% of the rest."""
    rows = measure(corpus(size, seed))
    promised = [row for row in rows if row.promised and row.kind != "ordinary"]
    assert len(promised) == 19
    assert [row for row in promised if row.found < 0.99 * row.values] == []
    ordinary = next(row for row in rows if row.kind == "ordinary")
    assert ordinary.values == size // 2
    assert ordinary.found <= 0.005 * ordinary.values


def test_the_documented_table_is_of_this_form() -> None:
    """The page holds a table of the same kinds as are measured."""
    page = DOCS.read_text(encoding="utf-8")
    written = page.split(BEGIN)[1].split(END)[0]
    made = table(measure(corpus(400)), {})
    kinds = [line.split("|")[1] for line in made.splitlines() if line.startswith("| ")]
    for kind in kinds:
        assert kind.strip().isdigit() or f"|{kind}|" in written


@pytest.mark.long
def test_speed() -> None:
    """Ordinary JSON is searched and redacted with 20 MB/s and more on one core."""
    rates = speed(corpus())
    assert rates["searching ordinary JSON"] >= 20
    assert rates["redacting ordinary JSON"] >= 20
