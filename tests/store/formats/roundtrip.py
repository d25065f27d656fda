"""Export, import: the exchanges are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.found import Found
from ci_gate.store.formats.outgoing import Outgoing
from tests.store.formats.exchanges import outgoing
from tests.store.formats.samples import found


def written(
    folder: Path, write: Callable[[Outgoing], Iterator[tuple[str, bytes]]], out: Outgoing
) -> Path:
    """The files of a writer; the one file by the name "one.har"."""
    for name, data in write(out):
        path = folder / "export" / (name or "one.har")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "export"


def content(one: Found) -> tuple[Any, ...]:
    """What must be the same: messages, address, direction, times."""
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    request, response = one.request, one.response
    length = (b"content-length", b"transfer-encoding")
    return (
        one.inbound, one.scheme, one.host, one.port, round((one.at or 0) * 1000), round(one.took),
        request.method, request.target, sorted(request.headers), request.body,
        response.status, response.reason, response.body,
        sorted(field for field in response.headers if field[0].lower() not in length),
    )  # fmt: skip


def again(folder: Path, write: Callable[..., Any], *, inbound: bool = True) -> None:
    """Assert that writing and reading gives the exchanges that the snapshot has."""
    out = outgoing()
    back = sorted(content(one) for one in found(written(folder, write, out)))
    expected = []
    for sent in outgoing().exchanges(inbound=inbound):
        host, _, port = sent.host.partition(":")
        expected.append(
            content(
                Found(
                    where="",
                    inbound=sent.exchange.inbound,
                    request=sent.request,
                    response=sent.response,
                    scheme=sent.scheme,
                    host=host,
                    port=int(port or 0),
                    at=sent.at.timestamp(),
                    took=sent.exchange.took,
                )
            )
        )
    assert back == sorted(expected)
