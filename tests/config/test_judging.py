"""Snapshot, pace, conditions, rules and key, as the verbs get them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.config.flags import ReplayFlags, Surroundings
from ci_gate.config.judging import (
    redaction_key,
    resolve_policy,
    resolve_replayer,
    resolve_rules,
    snapshot_folder,
)
from ci_gate.errors import UsageError
from ci_gate.model.rule import Rule, Where

Around = Callable[..., Surroundings]


@pytest.mark.parametrize(
    ("given", "text", "folder", "expected"),
    [
        ("", "", ".", "snapshots/shop"),
        ("", "", "sub/dir", "sub/dir/snapshots/shop"),
        ("", "version: 1\nservice: {name: cart}", ".", "snapshots/cart"),
        ("", "version: 1\nsnapshot: s/x", "sub", "sub/s/x"),
        ("", "version: 1\nsnapshot: /abs/x", "sub", "/abs/x"),
        ("given", "version: 1\nsnapshot: s/x", "sub", "given"),
    ],
)
def test_snapshot_folder(around: Around, given: str, text: str, folder: str, expected: str) -> None:
    """The flag is relative to where we are, the file's value to the file, the default beside it."""
    assert snapshot_folder(given, around(text, folder=folder)) == expected


def test_headers_come_from_the_environment(around: Around) -> None:
    """Test credentials are put in here, once."""
    text = 'version: 1\nreplay: {set: {headers: {Authorization: "Bearer ${env.TOKEN}", X: "1"}}}'
    options = resolve_replayer(around(text, env={"TOKEN": "hunter2"}))
    assert options.headers == (("Authorization", "Bearer hunter2"), ("X", "1"))


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({}, "ci-gate.yml:2: replay.set.headers.A: the variable TOKEN is not set; set TOKEN"),
        ({"TOKEN": "hunter2\r\nX: y"}, "ci-gate.yml:2: replay.set.headers.A: the variable's value"),
    ],
)
def test_bad_credentials_are_refused_without_being_told(
    around: Around, env: dict[str, str], complaint: str
) -> None:
    """An unset variable is named with its line; a value that would split a request is not told."""
    text = 'version: 1\nreplay: {set: {headers: {A: "${env.TOKEN}"}}}'
    with pytest.raises(UsageError) as caught:
        resolve_replayer(around(text, env=env))
    assert str(caught.value).startswith(complaint)
    assert "hunter2" not in str(caught.value)


def test_replay_settings(around: Around) -> None:
    """Durations become seconds; the rest is as written."""
    text = (
        "version: 1\nservice: {port: auto}\n"
        "replay: {pace: recorded, concurrency: 4, workers: 2, settle: 1s, timeout: 2m}"
    )
    options = resolve_replayer(around(text))
    assert (options.pace, options.concurrency, options.workers) == ("recorded", 4, 2)
    assert (options.settle, options.timeout) == (1.0, 120.0)


def test_flags_replace_a_list_of_conditions(around: Around) -> None:
    """--fail-if replaces fail_if and leaves warn_if."""
    text = (
        "version: 1\ngate:\n  warn_if: [latency.p95 > 3]\n"
        "  fail_if: [latency.p95 > 1, {route: GET /x, if: latency.p99 > 2}]"
    )
    policy = resolve_policy(ReplayFlags(), around(text))
    assert policy.fail_if == (("", "latency.p95 > 1"), ("GET /x", "latency.p99 > 2"))
    policy = resolve_policy(ReplayFlags(fail_if=("requests.failed > 4",)), around(text))
    assert policy.fail_if == (("", "requests.failed > 4"),)
    assert policy.warn_if == (("", "latency.p95 > 3"),)


def test_what_is_no_condition_is_named_before_anything_runs(around: Around) -> None:
    """A mistyped metric is a usage error with flag or line, never a condition that cannot hold."""
    with pytest.raises(UsageError, match=r"^--fail-if: .* there is no metric latency.p59"):
        resolve_policy(ReplayFlags(fail_if=("latency.p59 > 1",)), around())
    here = around("version: 1\ngate:\n  warn_if:\n    - latency.avgg > 1")
    with pytest.raises(UsageError, match=r"^ci-gate.yml:4: gate.warn_if\[1\]: .* did you mean"):
        resolve_policy(ReplayFlags(), here)


def test_rules_are_numbered_and_know_their_line(around: Around, everything: str) -> None:
    """Reports name rules by number, errors by line."""
    first, second = resolve_rules(around(everything))
    assert first == Rule(
        index=1,
        where=Where(route="GET /orders/{id}"),
        at="response.body.$.updated_at",
        allow="timestamp",
        reason="server clock",
        owner="@orders",
        until="2027-06-30",
        line=21,
    )
    assert (second.index, second.calls, second.effect, second.line) == (
        2,
        ("reordered",),
        "read",
        22,
    )


def test_redaction_key() -> None:
    """None, a good one in lower case, and a bad one that is not repeated in the complaint."""
    assert redaction_key({}) == ""
    assert redaction_key({"CI_GATE_REDACTION_KEY": "AB" * 32}) == "ab" * 32
    with pytest.raises(UsageError, match="CI_GATE_REDACTION_KEY") as caught:
        redaction_key({"CI_GATE_REDACTION_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_set_values_are_expanded_and_kept_from_outputs(around: Around) -> None:
    """Values for recorded credentials come from variables, whose values are secrets."""
    text = 'version: 1\nreplay: {set: {values: {password: "${env.PASSWORD:-test}"}}}'
    given = resolve_replayer(around(text, env={"PASSWORD": "hunter2"}))
    assert given.values == (("password", "hunter2"),)
    assert given.secrets == ("hunter2",)
    assert resolve_replayer(around(text)).values == (("password", "test"),)
    assert resolve_replayer(around(text)).secrets == ()
