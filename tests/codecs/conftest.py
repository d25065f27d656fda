"""Conversations as scripts, heard whole and byte by byte.

A script has a line for each line on the wire: "C> …" what the client says, "S> …" the server.
Lines end in CR LF, or in nothing after a final "|". Escapes are those of Python byte strings.
"C." and "S." close a side; "--" on its own ends a read, so that what follows arrives separately.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest

from ci_gate.codecs.base import (
    Action,
    Begun,
    Bytes,
    Close,
    Ended,
    More,
    Role,
    Side,
    Undecodable,
    Whole,
)
from ci_gate.codecs.registry import codec
from ci_gate.model.message import Headers, Message

Blocks = list[tuple[Side, bytes]]


class Heard(NamedTuple):
    """A message as a test wants it: in parts or whole makes `parts` differ, nothing else."""

    side: Side
    number: int
    message: Message
    body: bytes
    trailers: Headers = ()
    parts: bool = False
    stream: bool = False
    complete: bool = True


def parse(text: str) -> Blocks:
    """The script's bytes in order; one block for each run of lines of one side."""
    blocks: Blocks = []
    fresh = True
    for line in textwrap.dedent(text).strip("\n").split("\n"):
        if line == "--":
            fresh = True
            continue
        side = Side.CLIENT if line[0] == "C" else Side.SERVER
        if line[1] == ".":
            blocks.append((side, b""))
            fresh = True
            continue
        assert line[1] == ">", line
        said = line[3:].encode("latin-1").decode("unicode_escape").encode("latin-1")
        said = said[:-1] if said.endswith(b"|") else said + b"\r\n"
        if blocks and blocks[-1][0] is side and not fresh:
            said = blocks.pop()[1] + said
        blocks.append((side, said))
        fresh = False
    return blocks


def cut(blocks: Blocks) -> Blocks:
    """The same, one byte at a time."""
    return [
        (side, data[index : index + 1]) for side, data in blocks for index in range(len(data) or 1)
    ]


def join(actions: Iterable[Action]) -> list[object]:
    """Messages as Heard, in the order of their ends; Undecodable, Bytes and Close as they are."""
    found: list[object] = []
    begun: dict[Side, tuple[Begun, list[bytes]]] = {}
    for action in actions:
        if isinstance(action, Whole):
            message = action.message
            assert isinstance(message.body, bytes)
            trailers = getattr(message, "trailers", ())
            found.append(
                Heard(action.side, action.number, message, message.body, trailers=trailers)
            )
        elif isinstance(action, Begun):
            assert action.side not in begun
            begun[action.side] = (action, [])
        elif isinstance(action, More):
            assert action.data
            begun[action.side][1].append(action.data)
        elif isinstance(action, Ended):
            head, pieces = begun.pop(action.side)
            assert head.number == action.number
            found.append(
                Heard(
                    action.side,
                    action.number,
                    head.message,
                    b"".join(pieces),
                    action.trailers,
                    parts=True,
                    stream=head.stream,
                    complete=action.complete,
                )
            )
        else:
            assert isinstance(action, Undecodable | Bytes | Close)
            found.append(action)
    assert not begun
    return found


def hear(role: Role, blocks: Blocks, protocol: str = "http") -> list[object]:
    """What one conversation makes of the blocks."""
    conversation = codec(protocol).converse(role)
    actions: list[Action] = []
    for at, (side, data) in enumerate(blocks):
        actions += conversation.feed(side, data, at)
    return join(actions)


def unexplained(found: list[object]) -> list[object]:
    """Without the reasons, which may quote what was at hand."""
    return [
        Undecodable(item.side, "", item.upgrade) if isinstance(item, Undecodable) else item
        for item in found
    ]


@pytest.fixture
def script() -> Callable[[str], Blocks]:
    """`script(text)`: its blocks."""
    return parse


@pytest.fixture
def joined() -> Callable[[Iterable[Action]], list[object]]:
    """`joined(actions)`: the messages in them."""
    return join


@pytest.fixture
def record() -> Callable[[str], list[object]]:
    """`record(text)`: what a tap makes of a script, the same however its bytes are cut."""

    def play(text: str) -> list[object]:
        blocks = parse(text)
        whole = hear(Role.RECORD, blocks)
        assert unexplained(hear(Role.RECORD, cut(blocks))) == unexplained(whole)
        return whole

    return play
