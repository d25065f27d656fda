"""Summaries of record, mock and inspect."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.report.tables import inspect_table, mock_table, plain, record_table


def test_record(golden: Callable[[str, str], None]) -> None:
    """The end of a recording: routes, dependencies, what was dropped and what went past us."""
    text = record_table(
        out="snapshots/orders",
        inbound=65,
        outbound=107,
        routes=[("GET /orders/{id}", 41), ("POST /orders", 24)],
        dependencies=[
            ("payments", "https://api.payments.example", 83),
            ("shipping", "http://shipping.example", 24),
        ],
        dropped=[("GET /orders/{id}", 1200)],
        undecoded=["payments: 2 connections were upgraded to h2c, kept as raw"],
        uncaptured=[("203.0.113.9:443", 3, "set the URL of payments to ${payments.url}")],
        redacted=[("e-mail address", 41), ("bearer token", 107)],
        warnings=["no inbound exchange has a response with status 500"],
    )
    golden("report/record.txt", text)


def test_record_of_nothing() -> None:
    """An empty recording is one line and its warning."""
    text = record_table(out="s", inbound=0, outbound=0, warnings=["nothing was recorded"])
    assert text == (
        "recorded 0 inbound exchanges and 0 outbound calls to s\n\nwarnings:\n  - nothing was recorded"
    )


def test_mock(golden: Callable[[str, str], None]) -> None:
    """The end of mock: what was matched, the misses with what was nearest, refused hosts."""
    text = mock_table(
        matched=201,
        unmatched=8,
        unused=12,
        misses=[
            (
                "payments",
                "POST /charges",
                "0c0ffee111-1: request.body.$.amount 4200, now 4300",
                7,
            ),
            ("shipping", "GET /rates?to=DE", "", 1),
        ],
        new_hosts=["telemetry.vendor.example:443"],
    )
    golden("report/mock.txt", text)


def test_inspect(golden: Callable[[str, str], None]) -> None:
    """Exchanges of a snapshot, inbound and outbound."""
    text = inspect_table(
        [
            ("3f2a9c1b7e-1", "", "GET /orders/17", "200", 2, 5.8),
            ("0c0ffee111-1", "payments", "POST /charges", "201", 0, 1204.7),
        ]
    )
    golden("report/inspect.txt", text)


def test_numbers_stay_as_they_are_spelled() -> None:
    """A text that looks like a number is not rewritten as one."""
    assert "1e5" in plain(["a"], [["1e5"], ["007"]])
    assert "007" in plain(["a"], [["1e5"], ["007"]])


def test_a_cell_is_one_harmless_line() -> None:
    """Line breaks and commands from traffic make no second line and no log command."""
    text = inspect_table([("i", "", "::error::a\n::error::b\x1b[31m", "200", 0, 1.0)])
    assert len(text.split("\n")) == 5
    assert "\x1b" not in text
    assert not any(
        line.lstrip().startswith("::")
        for line in mock_table(
            matched=0, unmatched=0, unused=0, misses=[("::error::x", "y", "", 1)]
        ).split("\n")
    )
