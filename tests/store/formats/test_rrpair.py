"""One pair -> one exchange: which side says what."""

from __future__ import annotations

import pytest

from ci_gate.model.message import HttpResponse
from ci_gate.store.formats.found import Found, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.rrpair import Http, Pair, Request, Response, Shown, found
from ci_gate.store.formats.rrpostgres import Statements


def test_address_of_the_pair_where_the_url_has_none() -> None:
    """Host is the client's word; where the pair went is its address."""
    pair = Pair(
        direction="OUT",
        network_address="Pay.example:8443",
        is_tls=True,
        http=Http(Request(method="GET", uri="/x", host="other"), Response(status_code=204)),
    )
    (one,) = found(pair, Shown(), "x", Statements())
    assert isinstance(one, Found)
    assert (one.scheme, one.host, one.port) == ("https", "pay.example", 8443)
    assert isinstance(one.response, HttpResponse)
    assert one.response.status == 204


def test_role_overrides_direction() -> None:
    """`replayRole=test` makes a recorded call a request that comes in."""
    pair = Pair(direction="OUT", http=Http(Request(method="GET", uri="/"), None))
    (one,) = found(pair, Shown(metadata={"tags": "a=b, replayRole=test"}), "x", Statements())
    assert isinstance(one, Found)
    assert one.inbound
    assert one.response is None


def test_refusals() -> None:
    """No direction, no request line, no base64; a protocol without a codec is skipped."""
    for pair, shown in (
        (Pair(), Shown()),
        (Pair(direction="IN"), Shown(request="GET /")),
        (
            Pair(
                direction="IN",
                http=Http(Request(method="GET", uri="/", body_base64="!"), None),
            ),
            Shown(),
        ),
    ):
        with pytest.raises(Bad):
            list(found(pair, shown, "x", Statements()))
    (one,) = found(Pair(l7protocol="kafka", direction="IN"), Shown(), "x", Statements())
    assert isinstance(one, Skipped)
