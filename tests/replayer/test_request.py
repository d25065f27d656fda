"""Requests as they are sent now."""

from ci_gate.model.message import HttpRequest
from ci_gate.replayer.request import live_request
from ci_gate.values.addresses import Addresses

ADDRESSES = Addresses({"service": ("127.0.0.1:9000",)})


def test_a_set_header_replaces_the_recorded_one_where_it_stood() -> None:
    """A recorded stand-in for a token gives way to the test credential, spelled as recorded."""
    request = HttpRequest("GET", b"/", ((b"authorization", b"Bearer x"), (b"accept", b"*/*")))
    live = live_request(request, ADDRESSES, (("Authorization", "Bearer real"),))
    assert isinstance(live, HttpRequest)
    assert live.headers == ((b"authorization", b"Bearer real"), (b"accept", b"*/*"))


def test_a_set_header_that_was_not_recorded_is_added() -> None:
    """A service may want a header that the recording's proxy had put in."""
    live = live_request(HttpRequest("GET", b"/"), ADDRESSES, (("X-Tenant", "t1"),))
    assert isinstance(live, HttpRequest)
    assert live.headers == ((b"X-Tenant", b"t1"),)


def test_names_become_live_addresses() -> None:
    """The recorded Host was our inbound proxy's; now it is the service's."""
    live = live_request(HttpRequest("GET", b"/", ((b"Host", b"{service}"),)), ADDRESSES, ())
    assert isinstance(live, HttpRequest)
    assert live.headers == ((b"Host", b"127.0.0.1:9000"),)
