"""One request put to a real dependency, and its answer: off every hot path, and only for
`record --misses`."""

from __future__ import annotations

import asyncio
import os
import ssl
import time

import msgspec

from ci_gate.codecs.base import Begun, Bytes, Codec, Role, Side, Undecodable, Whole
from ci_gate.errors import CannotRun
from ci_gate.model.message import HttpRequest, Message
from ci_gate.net.certificates import client_context
from ci_gate.recorder.dependencies import parse_address
from ci_gate.recorder.options import Upstream

_CHUNK = 1 << 16
_MOST = 8 << 20
"""Bytes of an answer."""


class Answer(msgspec.Struct, frozen=True):
    """What a dependency said, and how long it took in milliseconds."""

    message: Message
    took: float


async def ask(upstream: Upstream, codec: Codec, request: Message, timeout: float) -> Answer:
    """The answer of `upstream` to `request`, on a connection of its own.

    Raises CannotRun naming the dependency when there is none within `timeout` seconds, or one that
    cannot be kept.
    """
    scheme, host, port = parse_address(upstream.address, upstream.protocol)
    tls = scheme == "https" or (upstream.protocol != "http" and scheme in ("rediss",))
    context = client_context(os.environ) if tls else None
    where = f"{upstream.name} ({upstream.address})"
    try:
        async with asyncio.timeout(timeout):
            return await _asked(_addressed(request, host, port, scheme), codec, host, port, context)
    except TimeoutError as error:
        raise CannotRun(f"{where}: no answer within {timeout:.0f} s") from error
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or type(error).__name__
        raise CannotRun(f"{where}: {reason}") from error
    except _Unfit as error:
        raise CannotRun(f"{where}: {error}") from error


class _Unfit(Exception):
    """The answer cannot be kept."""


async def _asked(
    request: Message, codec: Codec, host: str, port: int, context: ssl.SSLContext | None
) -> Answer:
    reader, writer = await asyncio.open_connection(
        host, port, ssl=context, server_hostname=host if context is not None else None
    )
    conversation = codec.converse(Role.REPLAY)
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
                if isinstance(action, Whole):
                    return Answer(action.message, round((time.monotonic() - began) * 1000, 3))
                if isinstance(action, Bytes):
                    writer.write(action.data)
                if isinstance(action, Begun):
                    raise _Unfit("its answer is a stream or too large; record it (`record --add`)")
                if isinstance(action, Undecodable):
                    raise _Unfit(f"its answer cannot be read: {action.reason}")
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
