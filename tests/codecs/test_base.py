"""The interface itself, and that what is registered has all of it."""

from __future__ import annotations

import inspect

import pytest

from ci_gate.codecs.base import Codec, Conversation, Role, Side
from ci_gate.codecs.registry import PROTOCOLS, codec


def parameters(function: object) -> list[str]:
    """Names of a method's parameters, self left out."""
    assert callable(function)
    return [name for name in inspect.signature(function).parameters if name != "self"]


def members(interface: type) -> dict[str, object]:
    """What an interface asks for, by name."""
    return {name: value for name, value in vars(interface).items() if not name.startswith("_")}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_codecs_are_called_alike(protocol: str) -> None:
    """Every codec's methods take the interface's parameters, by the same names."""
    ours = codec(protocol)
    for name, asked in members(Codec).items():
        if callable(asked):
            assert parameters(getattr(ours, name)) == parameters(asked)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("role", Role)
def test_conversations_are_called_alike(protocol: str, role: Role) -> None:
    """The same for conversations, in each role."""
    conversation = codec(protocol).converse(role)
    for name, asked in members(Conversation).items():
        assert hasattr(conversation, name)
        if inspect.isfunction(asked):
            assert parameters(getattr(conversation, name)) == parameters(asked)


def test_sides_are_numbers() -> None:
    """Sides index pairs: the client first."""
    assert ("client", "server")[Side.SERVER] == "server"
    assert [int(side) for side in Side] == [0, 1]
