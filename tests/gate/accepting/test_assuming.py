"""Answers that nobody has recorded."""

from __future__ import annotations

from ci_gate.gate.accepting.assuming import assumed
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, RedisCommand


def call(name: str, status: int = 200, method: str = "GET", **more: bool) -> Exchange:
    """A recorded call."""
    request = HttpRequest(method, b"/rates?n=" + name.encode())
    response = HttpResponse(status, body=name.encode())
    return Exchange(
        id=name,
        dependency="d",
        route=f"{method} /rates",
        request=request,
        response=response,
        **more,
    )


def test_the_usual_answer_of_the_route() -> None:
    """Not an error, not one that was assumed itself."""
    known = [call("a", 500), call("b", assumed=True), call("c"), call("d", 500), call("e", 201)]
    found = assumed(call("x"), known)
    assert found is not None
    assert found[0].id == "c"
    assert found[1].startswith("assumed: ")


def test_only_errors_are_known() -> None:
    """Then an error is the answer."""
    found = assumed(call("x"), [call("a", 404)])
    assert found is not None
    assert found[0].id == "a"


def test_nothing_is_known_of_the_route() -> None:
    """An empty object, or nothing where there is nothing to say; for other protocols none."""
    for method, status in (("GET", 200), ("POST", 200), ("DELETE", 204), ("HEAD", 200)):
        found = assumed(call("x", method=method), [])
        assert found is not None
        assert isinstance(found[0].response, HttpResponse)
        assert found[0].response.status == status
    redis = Exchange(id="r", dependency="d", route="GET k", request=RedisCommand(b""))
    assert assumed(redis, []) is None
