import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;

/** What Jedis does: one connection a thread from a pool, pipelines, transactions, both protocols. */
public final class JedisClient {
  private static final HostAndPort ADDRESS = HostAndPort.from(System.getenv("ADDRESS"));

  private static void ok(String feature) {
    System.out.println("ok " + feature);
  }

  private static DefaultJedisClientConfig settings(RedisProtocol protocol, int database) {
    return DefaultJedisClientConfig.builder().protocol(protocol).database(database).clientName("ci").build();
  }

  private static void commands(JedisPooled r, String p) {
    System.out.println(r.set(p + "a", "x", SetParams.setParams().ex(100)) + " " + r.get(p + "a") + " "
        + r.get("none") + " " + r.exists(p + "a") + " " + (r.ttl(p + "a") > 90));
    System.out.println(r.set(p + "a", "y", SetParams.setParams().nx()) + " " + r.setGet(p + "a", "z"));
    System.out.println(r.hset(p + "h", Map.of("name", "ada", "n", "1")) + " " + new TreeMap<>(r.hgetAll(p + "h"))
        + " " + r.hmget(p + "h", "name", "nope") + " " + r.hincrBy(p + "h", "n", 4));
    System.out.println(r.incr(p + "n") + " " + r.incr(p + "n") + " " + r.incrByFloat(p + "f", 1.5) + " "
        + r.incrBy(p + "n", 10));
    System.out.println(r.zadd(p + "z", Map.of("m", 1.5, "k", 2.0)) + " " + r.zrangeWithScores(p + "z", 0, -1)
        + " " + r.zscore(p + "z", "m") + " " + r.zscore(p + "z", "no"));
    System.out.println(r.sadd(p + "s", "one", "two") + " " + new TreeSet<>(r.smembers(p + "s")) + " "
        + r.sismember(p + "s", "one"));
    System.out.println(r.xadd(p + "x", new redis.clients.jedis.StreamEntryID(1, 1), Map.of("k", "v")) + " "
        + r.xrange(p + "x", "-", "+") + " " + r.geoadd(p + "g", 13.36, 38.11, "here") + " "
        + r.geopos(p + "g", "here"));
    System.out.println(r.scan("0", new ScanParams().match(p + "s").count(1000)).getResult() + " "
        + r.type(p + "z") + " " + r.del(p + "s", "none"));
    ok("commands");
    byte[] raw = {0, -1, 13, 10, 36};
    System.out.println(r.set((p + "é\u2603").getBytes(StandardCharsets.UTF_8), raw) + " "
        + Arrays.toString(r.get((p + "é\u2603").getBytes(StandardCharsets.UTF_8))));
    System.out.println(r.set(p + "u", "\uD83D\uDE00 ü") + " " + r.get(p + "u") + " " + r.strlen(p + "u"));
    ok("Unicode and bytes");
    System.out.println(r.set(p + "big", "é".repeat(600_000)) + " " + r.get(p + "big").length());
    ok("1 MB values");
  }

  private static void together(JedisPooled r, String p) {
    try (Pipeline pipe = r.pipelined()) {
      List<Response<Long>> counted = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        counted.add(pipe.rpush(p + "l", "e" + i));
      }
      Response<List<String>> all = pipe.lrange(p + "l", 95, -1);
      Response<Long> wrong = pipe.incr(p + "l");
      pipe.sync();
      System.out.println(counted.get(99).get() + " " + all.get());
      try {
        System.out.println(wrong.get());
      } catch (JedisDataException error) {
        System.out.println(error.getMessage());
      }
    }
    ok("pipelines");
    try (AbstractTransaction t = r.multi()) {
      t.set(p + "t", "1");
      Response<Long> counted = t.incr(p + "t");
      t.lpush(p + "t", "wrong kind");
      System.out.println(t.exec() + " " + counted.get());
    }
    try (AbstractTransaction t = r.multi()) {
      t.set(p + "t", "never");
      System.out.println(t.discard() + " " + r.get(p + "t"));
    }
    ok("MULTI and EXEC");
    System.out.println(r.eval("return {KEYS[1], ARGV[1], 3, false, {1.9}}", List.of("k"), List.of("v")));
    String sha = r.scriptLoad("return redis.call('incr', KEYS[1])", "k");
    System.out.println(sha + " " + r.evalsha(sha, 1, p + "counted") + " " + r.evalsha(sha, 1, p + "counted"));
    try {
      r.evalsha("0".repeat(40), 1, "k");
    } catch (JedisDataException error) {
      System.out.println(error.getClass().getSimpleName() + " " + error.getMessage());
    }
    ok("scripts");
    System.out.println(r.blpop(0.2, p + "empty") + " " + r.brpop(1.0, p + "l") + " "
        + r.blmove(p + "l", p + "m", ListDirection.LEFT, ListDirection.RIGHT, 1.0));
    ok("blocking commands");
    try {
      r.lpush(p + "t", "x");
    } catch (JedisDataException error) {
      System.out.println(error.getMessage());
    }
    System.out.println(r.get(p + "t"));
    ok("errors and recovery");
  }

  private static void alone(RedisProtocol protocol, String p) {
    try (Jedis r = new Jedis(ADDRESS, settings(protocol, 0)); Jedis other = new Jedis(ADDRESS, settings(protocol, 3))) {
      for (int round = 0; round < 2; round++) {
        r.watch(p + "w");
        String before = r.get(p + "w");
        if (round == 1) {
          other.select(0);
          other.set(p + "w", "stolen");
        }
        Transaction t = r.multi();
        t.set(p + "w", before + "+");
        System.out.println(t.exec() + " " + r.get(p + "w"));
      }
      ok("WATCH");
      other.select(3);
      System.out.println(other.set(p + "d", "3") + " " + other.get(p + "d") + " " + r.get(p + "d") + " "
          + r.clientGetname() + " " + r.ping() + " " + r.echo("said"));
      ok("several databases");
    }
  }

  private static void pool(RedisProtocol protocol, int size) throws Exception {
    try (JedisPooled r = new JedisPooled(ADDRESS, settings(protocol, 0))) {
      r.mset("p0", "zero", "p1", "one", "p2", "two");
      ExecutorService workers = Executors.newFixedThreadPool(size);
      List<Future<String>> told = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        String key = "p" + i % 4;
        told.add(workers.submit(() -> r.get(key)));
      }
      for (Future<String> one : told) {
        System.out.println(one.get());
      }
      workers.shutdown();
    }
    ok("pool of 1, then 8");
  }

  public static void main(String[] args) throws Exception {
    for (RedisProtocol protocol : RedisProtocol.values()) {
      String prefix = protocol + ":";
      try (JedisPooled r = new JedisPooled(ADDRESS, settings(protocol, 0))) {
        commands(r, prefix);
        together(r, prefix);
        alone(protocol, prefix);
      }
      pool(protocol, Integer.parseInt(System.getenv().getOrDefault("POOL", "1")));
    }
    ok("RESP3");
  }
}
