"""redis-py for asyncio: many at once over a pool, pipelines, transactions that are watched, locks."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from redis import asyncio as redis
from redis import exceptions

HOST, PORT = os.environ["ADDRESS"].split(":")
POOL = int(os.environ.get("POOL", "1"))


async def commands(r: Any) -> None:
    """One after the other, of every kind of reply."""
    print(await r.set("a", "é☃", ex=100), await r.get("a"), await r.get("none"))
    print(await r.set(b"raw\xff", b"\x00\r\n$"), await r.get(b"raw\xff"))
    await r.hset("h", mapping={"b": 2, "a": 1})
    print(sorted((await r.hgetall("h")).items()), await r.zadd("z", {"m": 1.5, "k": 2}))
    print(await r.zrange("z", 0, -1, withscores=True), await r.xadd("x", {"k": "v"}, id="1-1"))
    print([key async for key in r.scan_iter(match="z*", count=1000)])
    print("ok commands\nok Unicode and bytes")
    await r.set("big", "x" * 1_200_000)
    print(len(await r.get("big")))
    print("ok 1 MB values")


async def together(r: Any) -> None:
    """In one go: pipelines, a transaction that is tried again, a script, a lock."""
    async with r.pipeline(transaction=False) as pipe:
        for number in range(50):
            pipe.rpush("l", number)
        print((await pipe.lrange("l", 45, -1).execute())[-1])
    print("ok pipelines")

    async def transfer(pipe: Any) -> None:
        value = int(await pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)
        pipe.get("n")

    print(await r.transaction(transfer, "n"))
    try:
        async with r.pipeline() as pipe:
            await pipe.watch("n")
            await r.incr("n")
            pipe.multi()
            pipe.set("n", "0")
            await pipe.execute()
    except exceptions.WatchError:
        print("watched", await r.get("n"))
    print("ok MULTI and EXEC\nok WATCH")
    script = r.register_script("return {KEYS[1], ARGV[1], redis.call('incr', KEYS[1])}")
    print(await script(keys=["c"], args=["x"]), await script(keys=["c"], args=["y"]))
    print("ok scripts")
    print(await r.blpop(["empty"], timeout=1), await r.brpop(["l"], timeout=1))
    waiting = asyncio.create_task(r.blpop(["later"], timeout=5))
    await asyncio.sleep(0.05)
    print(await r.rpush("later", "come"), await waiting)
    print("ok blocking commands")
    try:
        await r.incr("l")
    except exceptions.ResponseError as error:
        print(error)
    print(await r.llen("l"))
    print("ok errors and recovery")


async def main() -> None:
    """Both versions of the protocol, then many at once."""
    for protocol in (2, 3):
        r: Any = redis.Redis(host=HOST, port=int(PORT), protocol=protocol)
        await r.flushall()
        await commands(r)
        await together(r)
        await r.mset({f"p{number}": number for number in range(10)})
        await r.aclose()
        pool = redis.BlockingConnectionPool(
            host=HOST, port=int(PORT), protocol=protocol, max_connections=POOL, timeout=10
        )
        many: Any = redis.Redis(connection_pool=pool)
        print(await asyncio.gather(*(many.get(f"p{number % 11}") for number in range(40))))
        await pool.aclose()
        print("ok pool of 1, then 8")
    print("ok RESP3")


asyncio.run(main())
