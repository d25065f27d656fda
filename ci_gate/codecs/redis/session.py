"""What a mock says by itself: replies to commands about the connection, and to subscriptions."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.redis.commands import names_servers
from ci_gate.codecs.redis.resp import Typed, dump
from ci_gate.codecs.redis.said import Said

OK = b"+OK\r\n"
VERSION = "7.2.0"
"""What HELLO says of a server whose version was not recorded."""

_PREFIXES = {b"P": b"p:", b"S": b"s:"}


def reply(said: Said, args: Sequence[bytes], session: dict[str, str]) -> bytes:
    """The reply to a session command, of which `said` knows already."""
    name = args[0]
    if name == b"PING":
        return _pong(said, args)
    if name == b"ECHO":
        return dump(args[1] if len(args) > 1 else b"")
    if name == b"HELLO":
        return _hello(said, args, session)
    if name == b"CLIENT":
        return _client(said, args)
    if name == b"RESET":
        return b"+RESET\r\n"
    return OK


def unfollowed(args: Sequence[bytes]) -> str:
    """Why a connection is not followed after a command, or it cannot be mocked, with the remedy."""
    name = args[0].decode("ascii", "backslashreplace")
    if names_servers(args):
        return (
            f"{name} names servers that the client goes to past ci-gate: give the service one "
            "server, not a cluster or sentinels"
        )
    return f"what follows {name} is not understood"


def garbled(who: str, error: object) -> str:
    """What is no Redis, with the remedy; `who`: "client" or "server"."""
    return (
        f"a {who} says what is no Redis ({error}): another protocol, or a connection that was "
        "joined in the middle; start the service after its listeners are up"
    )


def unspoken(args: Sequence[bytes]) -> str:
    """Why the version that HELLO asks for is none of ours, with the remedy; "" = it is."""
    if args[0] != b"HELLO" or len(args) < 2 or args[1] in (b"2", b"3"):
        return ""
    version = args[1][:20].decode("ascii", "backslashreplace")
    return (
        f"a client asks for RESP version {version}, and 2 and 3 are what ci-gate speaks: update "
        "ci-gate, or let the driver ask for version 3"
    )


def _pong(said: Said, args: Sequence[bytes]) -> bytes:
    text = args[1] if len(args) > 1 else b""
    if said.channels and said.protocol == 2:
        return dump([b"pong", text])
    return dump(text) if len(args) > 1 else b"+PONG\r\n"


def _hello(said: Said, args: Sequence[bytes], session: dict[str, str]) -> bytes:
    reason = unspoken(args)
    if reason:
        return b"-NOPROTO unsupported protocol version: ci-gate: %b\r\n" % reason.encode()
    facts: list[object] = [
        b"server", b"redis",
        b"version", session.get("version", VERSION).encode(),
        b"proto", said.protocol,
        b"id", 1,
        b"mode", session.get("mode", "standalone").encode(),
        b"role", b"master",
        b"modules", [],
    ]  # fmt: skip
    return dump(Typed("%", facts) if said.protocol == 3 else facts)


def _client(said: Said, args: Sequence[bytes]) -> bytes:
    what = args[1].upper() if len(args) > 1 else b""
    if what == b"ID":
        return b":1\r\n"
    if what == b"GETNAME":
        return dump(said.client or None)
    if what in (b"INFO", b"LIST"):
        return dump(b"id=1 addr=127.0.0.1:0 name= db=0")
    if what == b"TRACKINGINFO":
        return dump([b"flags", [b"off"], b"redirect", -1, b"prefixes", []])
    return OK


def subscription(said: Said, args: Sequence[bytes]) -> bytes:
    """The replies to SUBSCRIBE and its like, one a channel; `said.channels` is kept."""
    return b"".join(
        dump(Typed(">", confirmed) if said.protocol == 3 else confirmed)
        for confirmed in confirmations(said, args)
    )


def confirmations(said: Said, args: Sequence[bytes]) -> list[list[object]]:
    """What each of these replies says. To leave without a name is to leave every channel."""
    name = args[0]
    leaving = b"UNSUBSCRIBE" in name
    prefix = _PREFIXES.get(name.removesuffix(b"SUBSCRIBE").removesuffix(b"UN"), b"")
    wanted = [prefix + one for one in args[1:]]
    if leaving and not wanted:
        wanted = [one for one in said.channels if _prefix(one) == prefix]
    found: list[list[object]] = []
    for channel in wanted or ([b""] if leaving else []):
        if leaving:
            said.channels.pop(channel, None)
        else:
            said.channels[channel] = None
        shown = channel[len(prefix) :] if channel else None
        found.append([name.lower(), shown, len(said.channels)])
    return found


def _prefix(channel: bytes) -> bytes:
    return channel[:2] if channel[:2] in (b"p:", b"s:") else b""
