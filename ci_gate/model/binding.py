"""Bindings: values that the service makes up and that travel from one message to another."""

from __future__ import annotations

import msgspec


class Spot(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Where a value stands: a place of one exchange's request or response.

    `before` and `after` are what stands around it in the text at that place ("" = it begins or
    ends there); `nth` is how often `before` stands in the text before that. `inside` are the
    wrappings to take off first, outermost first: "jwt" (the payload), "base64". With wrappings
    `before` and `after` are about the innermost text.
    """

    exchange: str
    at: str
    before: str = ""
    after: str = ""
    nth: int = 0
    inside: tuple[str, ...] = ()


class Binding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that a response of the service brings first and later requests send back."""

    name: str
    """"B1", "B2"… in the order in which the values appear."""
    value: str
    """As recorded; a stand-in where it is secret."""
    made: Spot
    used: tuple[Spot, ...]


class Fresh(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that the service makes up and sends to a dependency.

    Live another value may stand at each of `sent`, the same one everywhere; `echoed` are the
    places of recorded answers that give it back, where the mock says the live one.
    """

    name: str
    """"F1", "F2"…"""
    value: str
    sent: tuple[Spot, ...]
    echoed: tuple[Spot, ...] = ()


class Bindings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What bindings.json holds."""

    inbound: tuple[Binding, ...] = ()
    outbound: tuple[Fresh, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.inbound or self.outbound)
