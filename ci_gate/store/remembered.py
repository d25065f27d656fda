"""Answers that were worked out before: databases are told the same, and say the same, again and
again, and a snapshot holds each as often as it was said. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

KNOWN = 32768
"""Arguments that one function keeps in mind."""
LARGEST = 2048
"""Bytes of an argument that is kept in mind."""


def remembered(make: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """`make`, which must be pure, called once for small arguments that come again; equal arguments
    give the same object. What it raises is raised each time."""
    known = lru_cache(maxsize=KNOWN)(make)

    def get(data: bytes) -> T:
        return known(data) if len(data) <= LARGEST else make(data)

    return get
