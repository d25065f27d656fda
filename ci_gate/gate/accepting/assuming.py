"""An answer that nobody has recorded, made up by what similar calls were answered: typed, marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from ci_gate.codecs.migrations import migrated
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse

_ERROR = 400


def assumed(live: Exchange, known: Iterable[Exchange]) -> tuple[Exchange, str] | None:
    """(an exchange whose answer may stand for that of `live`, why) or None.

    The most usual answer to calls of the same dependency and route; for HTTP else an empty JSON
    object, or nothing where there is nothing to say.
    """
    alike = [
        one
        for one in known
        if (one.dependency, one.route) == (live.dependency, live.route)
        and one.response is not None
        and not one.assumed
    ]
    if alike:
        good = [one for one in alike if not _is_error(one)] or alike
        usual, _ = Counter(_status(one) for one in good).most_common(1)[0]
        source = next(one for one in good if _status(one) == usual)
        return source, f"assumed: the answer of {source.id}, a call of the same route"
    if isinstance(live.request, HttpRequest):
        response = _plain(live.request)
        made = Exchange(id="", route=live.route, request=live.request, response=response, took=1.0)
        return made, f"assumed: {response.status}" + (" {}" if response.body else "")
    return None


def migrated_as(live: Exchange) -> Exchange:
    """A migration with the answer that its mock has given."""
    return msgspec.structs.replace(live, response=migrated(live.request), took=1.0)


def _plain(request: HttpRequest) -> HttpResponse:
    if request.method in ("DELETE", "HEAD", "OPTIONS"):
        status = 200 if request.method == "HEAD" else 204
        return HttpResponse(status, b"OK" if status == 200 else b"No Content")
    headers = ((b"Content-Type", b"application/json"), (b"Content-Length", b"2"))
    return HttpResponse(200, b"OK", headers, b"{}")


def _status(exchange: Exchange) -> int:
    response = exchange.response
    return response.status if isinstance(response, HttpResponse) else 0


def _is_error(exchange: Exchange) -> bool:
    return _status(exchange) >= _ERROR
