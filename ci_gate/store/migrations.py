"""Older snapshot formats, one pure step a version. Format 1 is the first: there is no step yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_gate.errors import UsageError
from ci_gate.model.snapshot import FORMAT

Files = Mapping[str, bytes]
"""A snapshot's JSON files: relative path with slashes -> content. Bodies are not among them."""

Step = Callable[[Files], Files]
"""Turns the files of format n into those of n + 1; `migrate` keeps count of the number."""

STEPS: Mapping[int, Step] = {}
"""Format n -> the step from n to n + 1."""


def migrate(
    files: Files, version: int, steps: Mapping[int, Step] = STEPS, newest: int = FORMAT
) -> Files:
    """The files of a snapshot of format `version` in the `newest` format.

    Raises UsageError for a newer version and for one that no step starts from.
    """
    if version > newest:
        raise UsageError(
            f"this snapshot was written by a newer ci-gate (format {version}, this one reads "
            f"up to {newest}); upgrade ci-gate or record again"
        )
    while version < newest:
        if version not in steps:
            raise UsageError(f"no ci-gate wrote snapshots of format {version}; record again")
        files = steps[version](files)
        version += 1
    return files
