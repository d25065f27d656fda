"""The codec's own error."""

from __future__ import annotations

from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.errors import ProtocolError


def test_it_is_the_peers_problem() -> None:
    """Malformed carries the status to answer with and is a ProtocolError."""
    error = Malformed(431, "too much")
    assert isinstance(error, ProtocolError)
    assert (error.status, str(error)) == (431, "too much")
