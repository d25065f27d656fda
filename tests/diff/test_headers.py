"""Which header fields count, and the memory that makes it cheap."""

from __future__ import annotations

from ci_gate.diff import headers
from ci_gate.diff.headers import EXCLUDED, PRESENCE, by_name, signature


def test_signature_leaves_out_what_does_not_count() -> None:
    """Case, spaces around values, order of names and excluded fields are not in a signature."""
    one = ((b"B", b" 2 "), (b"a", b"1"), (b"Date", b"x"), (b"SERVER", b"s"))
    assert signature(one) == ((b"a", (b"1",)), (b"b", (b"2",)), (b"server", ()))
    assert signature(one) is signature(((b"server", b"t"), (b"A", b"1"), (b"b", b"2")))


def test_repeated_fields_keep_their_order() -> None:
    """Fields of one name are compared in order."""
    assert by_name(((b"C", b"1"), (b"D", b"x"), (b"c", b"2"))) == {b"c": [b"1", b"2"], b"d": [b"x"]}
    assert signature(((b"C", b"1"), (b"C", b"2"))) != signature(((b"C", b"2"), (b"C", b"1")))
    assert signature(((b"C", b"1,2"),)) != signature(((b"C", b"1"), (b"C", b"2")))


def test_signature_memory_is_bounded() -> None:
    """A service that says other headers every time does not fill the memory."""
    for number in range(3000):
        signature(((b"X-N", b"%d" % number),))
    assert len(headers._signatures) <= headers._LIMIT


def test_lists_are_exact_lower_case_names() -> None:
    """No entry of the header lists could miss for its spelling, and none is in both."""
    assert all(name == name.lower().strip() for name in EXCLUDED | PRESENCE)
    assert not EXCLUDED & PRESENCE
    assert not PRESENCE & {b"content-type", b"set-cookie", b"location", b"etag", b"cache-control"}
