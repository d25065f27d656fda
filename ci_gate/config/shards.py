"""`--shard I/N`: which part of a run a job is to observe."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_gate.errors import UsageError
from ci_gate.model.result import ShardPart

MOST = 256
"""Shards of one run: as many as a job matrix can have."""
AUTO = "auto"
INDEX, TOTAL = "CI_NODE_INDEX", "CI_NODE_TOTAL"
"""Variables of GitLab's `parallel:`."""

_PART = re.compile(r"([0-9]{1,6})/([0-9]{1,6})\Z")


def shard_part(text: str, env: Mapping[str, str]) -> ShardPart | None:
    """The shard that "2/3" names; "auto" is what GitLab's `parallel:` says, "" none.

    Raises UsageError with a remedy.
    """
    if not text:
        return None
    said = f"shard {text[:40]}"
    if text == AUTO:
        total = env.get(TOTAL, "")
        if not total:
            raise UsageError(
                f"{said}: {INDEX} and {TOTAL}, as GitLab's parallel: sets them, are not set; "
                "write --shard 2/3"
            )
        # Without parallel: there is a total of one, and no index.
        text = f"{env.get(INDEX) or '1'}/{total}"
        said = f"shard auto ({INDEX}={env.get(INDEX, '')}, {TOTAL}={total})"[:100]
    found = _PART.match(text)
    if found is None:
        raise UsageError(f"{said}: write the number of the shard and how many there are, as 2/3")
    part = ShardPart(index=int(found[1]), count=int(found[2]))
    if not 1 <= part.count <= MOST:
        raise UsageError(f"{said}: there can be 1 to {MOST} shards")
    if not 1 <= part.index <= part.count:
        raise UsageError(f"{said}: shards are numbered from 1 to {part.count}")
    return part
