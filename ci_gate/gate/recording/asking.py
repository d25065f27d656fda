"""One request put to a real dependency, and its answer: off every hot path, and only for
`record --misses`."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Mapping

import msgspec

from ci_gate.codecs.base import (
    Begun,
    Bytes,
    Codec,
    Role,
    Side,
    StartTLS,
    Undecodable,
    Whole,
)
from ci_gate.codecs.upstreams import locked_out, speaks_tls_first
from ci_gate.errors import CannotRun
from ci_gate.model.message import HttpRequest, Message
from ci_gate.net.certificates import client_context
from ci_gate.recorder.dependencies import parse_address
from ci_gate.recorder.options import Upstream

_NOBODY: Mapping[str, str] = {}
_CHUNK = 1 << 16
_MOST = 8 << 20
"""Bytes of an answer."""


class Answer(msgspec.Struct, frozen=True):
    """What a dependency said, and how long it took in milliseconds."""

    message: Message
    took: float


async def ask(
    upstream: Upstream,
    codec: Codec,
    request: Message,
    timeout: float,
    login: Mapping[str, str] = _NOBODY,
) -> Answer:
    """The answer of `upstream` to `request`, on a connection of its own. `login`: the wishes of
    `Codec.converse` for it.

    Raises CannotRun naming the dependency when there is none within `timeout` seconds, or one that
    cannot be kept.
    """
    scheme, host, port = parse_address(upstream.address, upstream.protocol)
    context = _context(upstream, scheme)
    where = f"{upstream.name} ({upstream.address})"
    try:
        async with asyncio.timeout(timeout):
            said = _addressed(request, host, port, scheme)
            return await _asked(said, codec, (host, port), context, login)
    except TimeoutError as error:
        raise CannotRun(f"{where}: no answer within {timeout:.0f} s") from error
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or type(error).__name__
        raise CannotRun(f"{where}: {reason}") from error
    except _Unfit as error:
        raise CannotRun(f"{where}: {error}") from error


class _Unfit(Exception):
    """The answer cannot be kept."""


def _context(upstream: Upstream, scheme: str) -> ssl.SSLContext | None:
    """TLS with the server, where it is wanted."""
    if upstream.protocol == "http":
        return client_context(os.environ) if scheme == "https" else None
    wanted = upstream.server_tls or scheme == "rediss"
    return client_context(os.environ, (), upstream.ca) if wanted else None


async def _asked(
    request: Message,
    codec: Codec,
    where: tuple[str, int],
    context: ssl.SSLContext | None,
    login: Mapping[str, str],
) -> Answer:
    host, port = where
    at_once = context is not None and speaks_tls_first(codec.name)
    reader, writer = await asyncio.open_connection(
        host, port, ssl=context if at_once else None, server_hostname=host if at_once else None
    )
    wishes = {**login, "server_tls": "on"} if context is not None else dict(login)
    conversation = codec.converse(Role.REPLAY, wishes)
    began = time.monotonic()
    heard = 0
    try:
        for action in conversation.say(Side.CLIENT, request):
            if isinstance(action, Bytes):
                writer.write(action.data)
        await writer.drain()
        while True:
            data = await reader.read(_CHUNK)
            heard += len(data)
            for action in conversation.feed(Side.SERVER, data, time.monotonic_ns()):
                if isinstance(action, StartTLS) and context is not None:
                    await writer.start_tls(context, server_hostname=host)
                if isinstance(action, Whole):
                    reason = locked_out(action.message)
                    if reason:
                        raise _Unfit(reason)
                    return Answer(action.message, round((time.monotonic() - began) * 1000, 3))
                if isinstance(action, Bytes):
                    writer.write(action.data)
                if isinstance(action, Begun):
                    raise _Unfit("its answer is a stream or too large; record it (`record --add`)")
                if isinstance(action, Undecodable):
                    raise _Unfit(f"no answer that can be kept: {action.reason}")
            if not data or heard > _MOST:
                raise _Unfit("it closed the connection without a whole answer")
    finally:
        writer.close()


def _addressed(request: Message, host: str, port: int, scheme: str) -> Message:
    """An HTTP request says whom it is for, and not our listener."""
    if not isinstance(request, HttpRequest):
        return request
    usual = {"http": 80, "https": 443}.get(scheme)
    name = f"[{host}]" if ":" in host else host
    authority = (name if port == usual else f"{name}:{port}").encode()
    headers = tuple(
        (field, authority if field.lower() == b"host" else value)
        for field, value in request.headers
    )
    return msgspec.structs.replace(request, headers=headers)
