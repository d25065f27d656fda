"""What Redis commands do: reads and writes, the keys they name, what a connection keeps of them.

The table is what `COMMAND` of Redis 7 says of flags and key positions, for the commands of the
core; a command that is not in it counts as a write without a known key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

READS = frozenset(
    b"""
    BITCOUNT BITFIELD_RO BITPOS DBSIZE DUMP EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST
    GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HGET
    HGETALL HKEYS HLEN HMGET HRANDFIELD HSCAN HSTRLEN HVALS KEYS LCS LINDEX LLEN LOLWUT LPOS LRANGE
    MGET PEXPIRETIME PFCOUNT PTTL RANDOMKEY SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS
    SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TOUCH TTL TYPE XLEN XPENDING XRANGE
    XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE
    ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE
    ZUNION
    CLUSTER COMMAND INFO LASTSAVE LATENCY MEMORY OBJECT PUBSUB ROLE SENTINEL SLOWLOG TIME WAIT XINFO
    """.split()
)
"""Commands that change nothing."""

SESSION = frozenset(
    b"""
    ASKING AUTH CLIENT DISCARD ECHO HELLO MULTI PING QUIT READONLY READWRITE RESET SELECT UNWATCH
    WATCH
    """.split()
)
"""Commands about the connection itself: a mock answers them, nothing of them is recorded."""

SUBSCRIPTIONS = frozenset(
    b"SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE".split()
)

BLOCKING = frozenset(
    b"BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN XREAD XREADGROUP WAIT".split()
)
"""Commands that may wait before they answer."""

UNFOLLOWED = frozenset(b"MONITOR SYNC PSYNC REPLCONF".split())
"""Commands after which the connection speaks something else."""

_ADDRESSES = {
    b"CLUSTER": frozenset((b"NODES", b"SLOTS", b"SHARDS", b"SLAVES", b"REPLICAS", b"LINKS")),
    b"SENTINEL": frozenset(
        b"GET-MASTER-ADDR-BY-NAME MASTER MASTERS REPLICAS SENTINELS SLAVES".split()
    ),
}
"""Commands that are answered with the addresses of other servers."""

PAIRS = {b"HSET": 2, b"HMSET": 2, b"MSET": 1, b"MSETNX": 1}
"""Commands whose arguments from this index on are names and values in turn."""

PAIRED_REPLIES = frozenset((b"HGETALL", b"CONFIG"))
"""Commands whose RESP2 reply is an array of names and values in turn (for CONFIG: of GET)."""

_ALL_KEYS = frozenset(
    b"""
    EXISTS MGET PFCOUNT SDIFF SINTER SUNION TOUCH DEL UNLINK PFMERGE SDIFFSTORE SINTERSTORE
    SUNIONSTORE SSUBSCRIBE SUNSUBSCRIBE WATCH
    """.split()
)
_TWO_KEYS = frozenset(
    b"LCS BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE".split()
)
_ALL_BUT_LAST = frozenset(b"BLPOP BRPOP BZPOPMAX BZPOPMIN".split())
_COUNTED = {
    b"EVAL": 2, b"EVALSHA": 2, b"EVAL_RO": 2, b"EVALSHA_RO": 2, b"FCALL": 2, b"FCALL_RO": 2,
    b"SINTERCARD": 1, b"ZDIFF": 1, b"ZINTER": 1, b"ZINTERCARD": 1, b"ZUNION": 1, b"LMPOP": 1,
    b"ZMPOP": 1, b"BLMPOP": 2, b"BZMPOP": 2,
}  # fmt: skip
"""Commands that say at this index how many keys follow."""
_STORING = frozenset(b"ZDIFFSTORE ZINTERSTORE ZUNIONSTORE".split())
_SECOND = frozenset(b"MEMORY OBJECT XGROUP XINFO".split())
"""Commands with a word between their name and the key."""
_KEYLESS = (
    frozenset(
        b"""
        ACL BGREWRITEAOF BGSAVE CLUSTER COMMAND CONFIG DBSIZE DEBUG EXEC FAILOVER FLUSHALL FLUSHDB
        FUNCTION INFO KEYS LASTSAVE LATENCY LOLWUT MODULE PUBSUB RANDOMKEY REPLICAOF ROLE SAVE SCAN
        SCRIPT SENTINEL SHUTDOWN SLAVEOF SLOWLOG SWAPDB TIME WAIT
        """.split()
    )
    | SESSION
    | SUBSCRIPTIONS
) - _ALL_KEYS


def effect(name: bytes) -> str:
    """ "read", "write" or "session" of a command by its name in capitals."""
    if name in READS:
        return "read"
    if name in SESSION or name in SUBSCRIPTIONS:
        return "session"
    return "write"


def is_paired(args: Sequence[bytes]) -> bool:
    """True for a command whose array reply is names and values in turn."""
    name = args[0]
    return name in PAIRED_REPLIES and (name != b"CONFIG" or args[1].upper() == b"GET")


def names_servers(args: Sequence[bytes]) -> bool:
    """True for what is answered with addresses that a client goes to next, past whoever listens."""
    return len(args) > 1 and args[1].upper() in _ADDRESSES.get(args[0], ())


def keys(args: Sequence[bytes]) -> tuple[bytes, ...]:
    """The keys that a command names; (b"*",) for one that concerns all of them."""
    name = args[0] if args else b""
    if name in (b"FLUSHALL", b"FLUSHDB", b"SWAPDB"):
        return (b"*",)
    if name in PAIRS and PAIRS[name] == 1:
        return tuple(args[1::2])
    if name in _ALL_KEYS:
        return tuple(args[1:])
    if name in _TWO_KEYS:
        return tuple(args[1:3])
    if name in _ALL_BUT_LAST:
        return tuple(args[1:-1])
    if name in _COUNTED:
        return tuple(_counted(args, _COUNTED[name]))
    if name in _STORING:
        return (*args[1:2], *_counted(args, 2))
    if name in (b"XREAD", b"XREADGROUP"):
        return tuple(_streams(args))
    if name == b"BITOP":
        return tuple(args[2:])
    if name in _SECOND:
        return tuple(args[2:3])
    return () if name in _KEYLESS else tuple(args[1:2])


def _counted(args: Sequence[bytes], index: int) -> Iterator[bytes]:
    count = args[index] if index < len(args) else b""
    if count.isdigit() and len(count) < 6:
        yield from args[index + 1 : index + 1 + int(count)]


def _streams(args: Sequence[bytes]) -> Iterator[bytes]:
    for index, one in enumerate(args):
        if one.upper() == b"STREAMS":
            rest = args[index + 1 :]
            yield from rest[: len(rest) // 2]
            return
