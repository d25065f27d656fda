"""redis-py in both versions of the protocol: pipelines, transactions, scripts, blocking, errors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis

HOST, PORT = os.environ["ADDRESS"].split(":")
POOL = int(os.environ.get("POOL", "1"))

for protocol in (2, 3):

    def told(*what: object, version: int = protocol) -> None:
        """One line of the transcript."""
        print(version, *what)

    r: Any = redis.Redis(host=HOST, port=int(PORT), protocol=protocol)
    told(r.ping(), r.set(f"a{protocol}", "x", ex=100), r.get(f"a{protocol}"), r.get("nope"))
    r.delete("h")
    told(r.hset("h", mapping={"name": "ada", "n": b"\xff\x00"}), sorted(r.hgetall("h").items()))
    told(r.incr("n"), r.incr("n"))
    print("ok commands\nok Unicode and bytes")
    with r.pipeline(transaction=True) as pipe:
        pipe.set("t", "1")
        pipe.incr("t")
        pipe.get("t")
        told(pipe.execute())
    with r.pipeline(transaction=True) as pipe:
        pipe.set("q", "1")
        pipe.execute_command("SET", "q")
        try:
            pipe.execute()
        except redis.ResponseError as error:
            told(type(error).__name__, error, r.get("q"))
    connection = r.connection_pool.get_connection()
    for said in ("MULTI", "SET q 1", "NOSUCH q", "EXEC", "GET q", "MULTI", "GET q", "EXEC"):
        connection.send_command(*said.split())
        try:
            told(said, connection.read_response())
        except redis.ResponseError as error:
            told(said, type(error).__name__, error)
    r.connection_pool.release(connection)
    print("ok MULTI and EXEC")
    with r.pipeline(transaction=True) as pipe:
        pipe.watch("t")
        value = pipe.get("t")
        pipe.multi()
        pipe.set("t", int(value) + 1)
        told(pipe.execute())
    print("ok WATCH")
    with r.pipeline(transaction=False) as pipe:
        pipe.lpush("l", "a", "b")
        pipe.lrange("l", 0, -1)
        told(pipe.execute())
    print("ok pipelines")
    try:
        r.lpush("t", "x")
    except redis.ResponseError as error:
        told("error", error)
    print("ok errors and recovery")
    r.zadd("z", {"m": 1.5, "k": 2})
    told(r.zrange("z", 0, -1, withscores=True), r.zscore("z", "m"))
    told(r.eval("return {KEYS[1], ARGV[1], 3}", 1, "k", "v"))
    print("ok scripts")
    told(sorted(r.smembers("none")), r.sadd("s", "one"), r.smembers("s"))
    told(r.blpop(["empty"], timeout=1))
    print("ok blocking commands")
    told(r.info()["redis_version"])
    told(len(r.set("big", b"x" * 1_000_000) and r.get("big")))
    print("ok 1 MB values")
    other: Any = redis.Redis(host=HOST, port=int(PORT), protocol=protocol, db=3)
    told(other.set("d", "3"), other.get("d"), r.get("d"))
    print("ok several databases")
    listener = r.pubsub()
    listener.subscribe("news")
    listener.psubscribe("n*")
    for _ in range(2):
        heard = listener.get_message(timeout=5)
        told(heard["type"], heard["channel"], heard["data"])
    told(r.publish("news", "first"), r.publish("other", "unheard"))
    with r.pipeline(transaction=True) as pipe:
        pipe.publish("news", "second")
        told(pipe.execute())
    for _ in range(4):
        heard = listener.get_message(timeout=5)
        told(heard["type"], heard["pattern"], heard["channel"], heard["data"])
    listener.unsubscribe()
    listener.punsubscribe()
    listener.close()
    print("ok publish and subscribe")
    r.mset({f"p{number}": number for number in range(20)})
    pool = redis.BlockingConnectionPool(
        max_connections=POOL, timeout=10, host=HOST, port=int(PORT), protocol=protocol
    )
    many: Any = redis.Redis(connection_pool=pool)
    with ThreadPoolExecutor(POOL) as threads:
        told(list(threads.map(lambda number, ask=many: ask.get(f"p{number}"), range(40))))
    pool.disconnect()
    print("ok pool of 1, then 8")
    r.flushall()
print("ok RESP3")
