"""Who caused a call."""

from ci_gate.correlation.correlation import Correlation

SETTLE = 500


def recording() -> Correlation:
    """A correlation as the recorder uses it."""
    return Correlation(SETTLE, by_time=True)


def test_a_call_before_the_first_request_is_startup() -> None:
    """Nothing inbound yet means the service is starting."""
    assert recording().groups(5) == ("startup",)


def test_the_one_request_in_flight_caused_the_call() -> None:
    """With a single request in flight no header is needed."""
    correlation = recording()
    correlation.begin("a")
    assert correlation.groups(5) == ("a",)


def test_a_call_after_the_response_belongs_to_that_request_until_the_next_one() -> None:
    """A write after the response is the request's own; the next request takes over."""
    correlation = recording()
    correlation.begin("a")
    correlation.end("a", 10)
    assert correlation.groups(10 + SETTLE) == ("a",)
    correlation.begin("b")
    assert correlation.groups(20) == ("b",)


def test_a_late_call_with_nothing_in_flight_is_background() -> None:
    """More than settle after the last response nobody asked for it."""
    correlation = recording()
    correlation.begin("a")
    correlation.end("a", 10)
    assert correlation.groups(11 + SETTLE) == ("background",)
    assert correlation.idle(11 + SETTLE)


def test_while_replaying_a_late_call_stays_with_its_request() -> None:
    """The replayer decides when the next request starts, so time does not make it background."""
    correlation = Correlation(SETTLE, by_time=False)
    correlation.begin("a")
    correlation.end("a", 10)
    assert correlation.groups(10_000) == ("a",)


def test_two_requests_in_flight_are_ambiguous_without_a_trace() -> None:
    """Never guess between requests that overlap."""
    correlation = recording()
    correlation.begin("a", frozenset({b"trace-aaaa"}))
    correlation.begin("b", frozenset({b"trace-bbbb"}))
    assert correlation.groups(5) == ("a", "b")


def test_a_unique_trace_settles_an_overlap() -> None:
    """A trace id that only one request in flight has names the cause."""
    correlation = recording()
    correlation.begin("a", frozenset({b"trace-aaaa"}))
    correlation.begin("b", frozenset({b"trace-bbbb"}))
    assert correlation.groups(5, frozenset({b"trace-bbbb"})) == ("b",)


def test_a_trace_shared_by_two_requests_stays_ambiguous() -> None:
    """A trace id that two requests in flight share proves nothing."""
    correlation = recording()
    correlation.begin("a", frozenset({b"trace-same"}))
    correlation.begin("b", frozenset({b"trace-same"}))
    assert correlation.groups(5, frozenset({b"trace-same"})) == ("a", "b")


def test_an_exchange_settles_when_its_last_expected_call_was_seen() -> None:
    """The replayer is told at once, so that only a missing call costs the wait."""
    correlation = recording()
    told: list[str] = []
    correlation.on_settled(told.append)
    correlation.expect({"a": 2})
    assert not correlation.settled("a")
    correlation.seen("a")
    assert told == []
    correlation.seen("a")
    assert told == ["a"]
    assert correlation.settled("a")
    assert correlation.settled("never-expected-any")


def test_who_is_told_when_a_request_begins() -> None:
    """At once, and of each."""
    correlation = recording()
    told: list[str] = []
    correlation.begin("before")
    correlation.on_begun(told.append)
    correlation.begin("a")
    correlation.begin("b")
    assert told == ["a", "b"]


def test_a_request_is_at_work_when_its_calls_come() -> None:
    """Whether it has reached the service: by the recorded calls that were made for it."""
    correlation = Correlation(0, by_time=False)
    correlation.expect({"r1": 2})
    assert not correlation.at_work("r1")
    correlation.seen("r1")
    assert correlation.at_work("r1")
    assert not correlation.at_work("r2")
