"""What is said on a connection and not followed, and what to do about it: one text for each, the
same in the client's error, in the summary of a recording and in the report."""

from __future__ import annotations

PREPARED_BEFORE = (
    "a statement is used that was prepared before we listened: start the service, and a pooler "
    "before it, after its listeners are up"
)
NEVER_PREPARED = (
    "a statement is used that was never prepared on its connection: start the service, and a "
    "pooler before it, after the mock's listeners are up"
)
FUNCTION_CALL = (
    "a client calls a function by a message of its own, as drivers do for large objects, which is "
    "neither recorded nor mocked: call it in SQL (SELECT lo_get(oid))"
)
REPLICATION = (
    "a client replicates, which is neither recorded nor mocked: let it connect past this "
    "dependency's listener"
)
LET_IN = (
    "a client left as soon as it was let in: the mock asks for no login, so take out what demands "
    "one (channel_binding=require, require_auth)"
)


def unknown_message(kind: bytes, whose: str) -> str:
    """`whose`: "client" or "server"."""
    return (
        f"a {whose} says a message of type {kind!r}, which is none of protocol 3: update ci-gate, "
        "or take what speaks there out of this dependency"
    )


def unfit(column: str, why: str) -> str:
    """A recorded result that cannot be said as it is asked for."""
    where = f"column {column} of a recorded result" if column else "a recorded result"
    return f"{where} {why}: record this call again with this service and driver"
