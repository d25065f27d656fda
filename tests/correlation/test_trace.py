"""Trace headers."""

from ci_gate.correlation.trace import trace_ids


def test_a_traceparent_gives_its_trace_id_only() -> None:
    """The span id differs between caller and callee, the trace id does not."""
    headers = ((b"Traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),)
    assert trace_ids(headers) == {b"4bf92f3577b34da6a3ce929d0e0e4736"}


def test_request_ids_count_whatever_their_case() -> None:
    """Header names are case-insensitive (RFC 9110 section 5.1)."""
    assert trace_ids(((b"X-REQUEST-ID", b"abcdef123456"),)) == {b"abcdef123456"}


def test_short_values_and_other_headers_do_not_count() -> None:
    """A request id of "1" would tie unrelated requests together."""
    assert trace_ids(((b"x-request-id", b"1"), (b"accept", b"application/json"))) == frozenset()


def test_a_malformed_traceparent_is_ignored() -> None:
    """Traffic is hostile: a header that is not what it says carries no trace."""
    assert trace_ids(((b"traceparent", b"nonsense"),)) == frozenset()
