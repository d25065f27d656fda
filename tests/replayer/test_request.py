"""Requests as they are sent now."""

from base64 import b64encode

from ci_gate.codecs.registry import codec
from ci_gate.model.message import HttpRequest
from ci_gate.replayer.request import live_request, with_values
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


def test_a_set_value_stands_where_its_stand_in_was_recorded() -> None:
    """A login form gets the test password in the field that held it, encoded as forms are."""
    form = b"name=ada&password=kqzxw-plmrt&other=abcde-fghij"
    headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
    request = HttpRequest("POST", b"/login", headers, form)
    live = with_values(request, codec("http"), {"kqzxw-plmrt": "correct horse & co"})
    assert live.body == b"name=ada&password=correct+horse+%26+co&other=abcde-fghij"


def test_a_set_value_stands_in_basic_credentials() -> None:
    """The stand-in of a password inside base64 gives way, the user stays."""
    old = b64encode(b"ada:kqzxw-plmrt").decode()
    request = HttpRequest("GET", b"/", ((b"authorization", f"Basic {old}".encode()),))
    for password in ("secret", "secret2", "secret23"):
        live = with_values(request, codec("http"), {"kqzxw-plmrt": password})
        assert isinstance(live, HttpRequest)
        assert live.headers[0][1] == b"Basic " + b64encode(f"ada:{password}".encode())


def test_a_set_value_is_not_put_into_a_token() -> None:
    """A user's stand-in is in the claims of a token, too: the service's own token takes its place as
    a whole, and has to find it as it was recorded."""
    claims = b64encode(b'{"name":"kqzxwplmrt01"}').decode().rstrip("=")
    token = f"Bearer eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"
    request = HttpRequest("GET", b"/", ((b"authorization", token.encode()),))
    assert with_values(request, codec("http"), {"kqzxwplmrt01": "ada"}) is request


def test_without_its_stand_in_a_request_stays_as_it_is() -> None:
    """Another stand-in, such as that of a wrong password, is sent as recorded."""
    request = HttpRequest("POST", b"/login", (), b"password=abcde-fghij")
    assert with_values(request, codec("http"), {"kqzxw-plmrt": "secret"}) is request
