"""The nearest recorded calls."""

import msgspec

from ci_gate.diff.calls.nearest import nearest
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import Part


def call(label: str, dependency: str = "rates") -> CallRecord:
    """A call written as "GET /path?query"."""
    method, _, target = label.partition(" ")
    path, _, query = target.partition("?")
    return CallRecord(
        id=label,
        dependency=dependency,
        route=f"{method} {path}",
        label=label,
        facts=Facts(effect="read"),
        parts=(
            Part("method", method),
            Part("path", path.encode(), "path"),
            Part("query", query.encode(), "query"),
        ),
        coarse=(method, path),
    )


def test_the_nearest_call_is_named_with_what_differs() -> None:
    """A changed parameter is told by place, recorded and live value."""
    recorded = [call("GET /rates?country=DE&weight=240"), call("GET /zones")]
    text = nearest(call("GET /rates?country=DE&weight=250"), recorded)
    assert text == ("nearest recorded: GET /rates?country=DE&weight=240: query.weight 240 → 250")


def test_a_renamed_path_is_found_by_its_likeness() -> None:
    """No call of the same coarse key: the one whose name is alike is shown."""
    text = nearest(call("GET /rate"), [call("GET /rates"), call("POST /very/other")])
    assert text.startswith("nearest recorded: GET /rates: path")


def test_other_dependencies_are_not_near() -> None:
    """A call to one dependency is never explained by another one's recording."""
    assert nearest(call("GET /rates"), [call("GET /rates", "payments")]) == ""


def test_of_long_texts_the_words_that_differ() -> None:
    """A statement is long, and one word of it is another."""
    before = "select id, name, at from orders where email = $1 and state = $2 order by id"
    after = before.replace("email", "mail").replace("by id", "by at")
    record = msgspec.structs.replace(call("SELECT orders"), parts=(Part("sql", before, "text"),))
    live = msgspec.structs.replace(call("SELECT orders"), parts=(Part("sql", after, "text"),))
    assert (
        "sql select id, name, … from orders where [-email-] {+mail+} = $1 and … $2 order by"
        in nearest(live, [record])
    )
