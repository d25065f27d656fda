"""The JSON form of PostgreSQL messages, both ways. Pure.

Results are shown as JSON (see `codecs.postgres.form`). What cannot be shown so, and what is larger
than a body inside may be, is a body like any other: `results_body`.
"""

from __future__ import annotations

import msgspec

from ci_gate.codecs.postgres.form import result_body, result_form
from ci_gate.codecs.postgres.frames import Malformed
from ci_gate.codecs.postgres.params import params_form, params_of
from ci_gate.model.message import Body, PgResult, PgStatement
from ci_gate.store.remembered import remembered


def request_form(message: PgStatement) -> dict[str, object]:
    """What stands for a statement, but for its body."""
    form: dict[str, object] = {"sql": message.sql}
    if message.params:
        form["params"] = msgspec.Raw(params_form(message.sql, message.params))
    if message.step != "query":
        form["step"] = message.step
    if message.transaction:
        form["transaction"] = message.block or True
    return form


def response_form(message: PgResult, largest: int) -> dict[str, object]:
    """What stands for a result; without "results" its body must be added as "results_body"."""
    form: dict[str, object] = {"at": message.at} if message.at else {}
    body = message.body
    if isinstance(body, bytes) and len(body) <= largest:
        shown = _shown(body)
        if shown is not None:
            form["results"] = msgspec.Raw(shown)
    return form


@remembered
def _shown(body: bytes) -> bytes | None:
    """A result as JSON from which it can be made again, or None."""
    try:
        shown = result_form(body)
        return shown if result_body(shown) == body else None
    except (Malformed, ValueError):
        return None


def request(sql: str, params: msgspec.Raw, step: str, body: Body, transaction: int) -> PgStatement:
    """The inverse of `request_form`; `transaction` may be True, for one that is not known. Raises
    ValueError."""
    values = _params(bytes(params)) if bytes(params) else ()
    block = 0 if transaction is True else int(transaction)
    return PgStatement(sql, values, step or "query", bool(transaction), body, block)


def response(results: msgspec.Raw, at: str, body: Body | None) -> PgResult:
    """The inverse of `response_form`. Raises ValueError."""
    return PgResult(_body(bytes(results)) if body is None else body, at)


_body = remembered(result_body)
_params = remembered(params_of)
