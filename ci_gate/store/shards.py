"""shard.json: what a shard's run directory holds for `merge`."""

from __future__ import annotations

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.shard import SHARD_FORMAT, Shard

NAME = "shard.json"
MOST_BYTES = 256 << 20


class _Head(msgspec.Struct):
    """What is read first, so that a newer document is named as such."""

    format: int = 0


def encode(shard: Shard) -> bytes:
    """The shard as JSON."""
    return msgspec.json.encode(shard) + b"\n"


def decode(data: bytes, path: str) -> Shard:
    """Read a shard.json, which may come from an untrusted job: strictly typed.

    Raises UsageError naming `path` and what is wrong.
    """
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: larger than {MOST_BYTES} bytes; this is no file of ours")
    try:
        version = msgspec.json.decode(data, type=_Head).format
        if version != SHARD_FORMAT:
            raise UsageError(
                f"{path}: has format {version}, and this ci-gate reads {SHARD_FORMAT}: merge with "
                "the ci-gate that ran the shards"
            )
        return msgspec.json.decode(data, type=Shard, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not a shard ({error}); run it again") from error
