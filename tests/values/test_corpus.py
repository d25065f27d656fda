"""The promises of docs/redaction.md, on a corpus made with Faker: recall, and what is left alone."""

from __future__ import annotations

import pytest

from bench import samples
from bench.redaction import BEGIN, DOCS, END, corpus, measure, speed, table
from ci_gate.model.message import HttpRequest, HttpResponse
from tests.store.formats.samples import sample

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


def test_rates_are_told_and_not_judged() -> None:
    """How fast it is, is the business of the page: a test would judge the machine."""
    rates = speed(corpus(200, 5))
    assert set(rates) >= {"searching ordinary JSON", "redacting ordinary JSON"}
    assert min(rates.values()) > 0


def test_real_recordings() -> None:
    """Of what other means find in the recordings of other tools, 99% of what is promised is found;
    of their ordinary texts at most 0.5% are replaced."""
    rows = {row.kind: row for row in samples.measure(samples.recordings(sample("har").parent))}
    ordinary = rows.pop("ordinary")
    assert ordinary.values > 5000
    assert ordinary.found <= 0.005 * ordinary.values
    promised = [row for row in rows.values() if row.promised]
    assert {row.kind for row in promised} == {"IPv4", "cookies", "credentials by name", "e-mail"}
    assert sum(row.values for row in promised) >= 30
    assert [row for row in promised if row.found < 0.99 * row.values] == []


def test_labels_of_real_recordings() -> None:
    """The labels are made by Python's own libraries, and leave out what only looks like it."""
    request = HttpRequest(
        "GET",
        b"/?api_key=abcd1234&token=x&q=secret",
        ((b"Authorization", b"Bearer tok12345"), (b"Cookie", b"sid=s3ss10n; a=1")),
    )
    assert dict.fromkeys(samples.labelled(request)) == dict.fromkeys(
        [
            ("credentials by name", "abcd1234"),
            ("credentials by name", "tok12345"),
            ("cookies", "s3ss10n"),
        ]
    )
    said = b"ada@corp.org from 93.184.216.34, not 10.0.0.1 or 1.1.1.1, Chrome/114.0.0.0, x@2x.png"
    assert list(samples.labelled(HttpResponse(200, body=said))) == [
        ("e-mail", "ada@corp.org"),
        ("IPv4", "93.184.216.34"),
    ]


def test_the_documented_table_of_real_recordings() -> None:
    """The page holds a table of the kinds that are labelled."""
    page = DOCS.read_text(encoding="utf-8")
    written = page.split(samples.BEGIN)[1].split(samples.END)[0]
    for kind in ("IPv4", "cookies", "credentials by name", "e-mail", "ordinary texts, replaced"):
        assert f"| {kind} |" in written
