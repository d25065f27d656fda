"""OpenAPI 3.1 of a snapshot's inbound routes."""

from __future__ import annotations

import json

import msgspec

from ci_gate.store.formats import openapiwriter
from tests.store.formats.exchanges import exchange, outgoing, snapshot


def test_document() -> None:
    """Paths, parameters, bodies and responses, each with schema and example."""
    base = snapshot()
    items = (
        exchange("aa08-1", b"/orders/9?q=1", at=40.0, answer=b'{"id": 9}'),
        exchange("aa08-2", b"/orders/9", at=41.0, answer=b'{"id": 9, "x": null}', status=404),
    )
    routed = tuple(msgspec.structs.replace(one, route="GET /orders/{id}") for one in items)
    post = exchange("aa07-1", b"/orders", method="POST", at=42.0, sent=b'{"a": [1]}', answer=b"hi")
    whole = msgspec.structs.replace(base, inbound=(*routed, post), outbound=base.outbound)
    out = outgoing(whole)
    ((_, data),) = openapiwriter.write(out)
    document = json.loads(data)
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/orders/{id}", "/orders"}
    get = document["paths"]["/orders/{id}"]["get"]
    path, query = get["parameters"]
    assert path == {
        "name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": "9",
    }  # fmt: skip
    assert (query["name"], query["in"], query["required"]) == ("q", "query", False)
    assert set(get["responses"]) == {"200", "404"}
    body = get["responses"]["404"]["content"]["application/json"]
    assert body["schema"]["properties"]["x"] == {"type": "null"}
    assert body["example"] == {"id": 9, "x": None}
    asked = document["paths"]["/orders"]["post"]["requestBody"]
    assert asked["content"]["application/json"]["schema"]["properties"]["a"]["items"] == {
        "type": "integer"
    }
    assert "calls: an interface is described, not what is behind it" in out.lost
