"""HTTP/1 as bytes."""

from __future__ import annotations

import pytest

from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.wire import heard

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_both_sides() -> None:
    """A HEAD's answer has no body, whatever it announces."""
    asked, answered = heard(
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    )
    assert asked.method == "HEAD"
    assert answered is not None
    assert answered.body == b""
    assert heard(GET, None)[1] is None


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (b"", None),
        (b"GET / HTTP/1.1\r\nHo", None),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", None),
        (GET, b""),
        (GET, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        (GET, b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_500_000),
    ],
)
def test_not_whole(request_: bytes, response: bytes | None) -> None:
    """What is cut off is refused."""
    with pytest.raises(Bad):
        heard(request_, response)
