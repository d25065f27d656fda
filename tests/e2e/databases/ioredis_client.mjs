// What ioredis does that others do not: a ready check by INFO, pipelines by itself, scripts as
// commands (EVALSHA, then EVAL), a connection of its own for each of subscribing and blocking.
import Redis from 'ioredis';

const [host, port] = process.env.ADDRESS.split(':');
const show = (...what) => console.log(...what.map((one) => JSON.stringify(one)));
const ok = (...features) => features.forEach((one) => console.log(`ok ${one}`));
const size = Number(process.env.POOL || '1');
const connect = (options = {}) => new Redis({ host, port: Number(port), ...options });

async function failure(ask) {
  try {
    show(await ask);
  } catch (error) {
    show(error.name, error.message);
  }
}

const redis = connect();
await redis.flushall();
show(await redis.set('a', 'x', 'EX', 100), await redis.get('a'), await redis.get('nope'));
show(await redis.hset('h', { name: 'ada', n: 1 }), await redis.hgetall('h'), await redis.hmget('h', 'n', 'no'));
show(await redis.incr('n'), await redis.incr('n'), await redis.incrbyfloat('f', 1.5));
show(await redis.zadd('z', 1.5, 'm', 2, 'k'), await redis.zrange('z', 0, -1, 'WITHSCORES'));
show(await redis.mset({ 'm:1': 'a', 'm:2': 'b' }), await redis.mget('m:1', 'm:2', 'm:3'));
show(await redis.xadd('s', '1-1', 'k', 'v'), await redis.xrange('s', '-', '+'));
const found = [];
for await (const keys of redis.scanStream({ match: 'm:*', count: 100 })) found.push(...keys);
show(found.sort());
ok('commands');
show(await redis.set('č 🐎', 'žluť\r\n\0'), await redis.get('č 🐎'));
await redis.set(Buffer.from([0xff, 0]), Buffer.from([0xfe, 13, 10, 0]));
show(await redis.getBuffer(Buffer.from([0xff, 0])));
ok('Unicode and bytes');

show(await redis.pipeline().lpush('l', 'a', 'b').lrange('l', 0, -1).get('l').get('a').exec());
const automatic = connect({ enableAutoPipelining: true });
show(await Promise.all(['m:1', 'm:2', 'm:1'].map((key) => automatic.get(key))));
ok('pipelines');
show(await redis.multi().set('t', 1).incr('t').get('t').exec());
show(await redis.multi().set('t', 'x').lpush('t', 1).get('t').exec());
await redis.multi({ pipeline: false });
show(await redis.set('t', 5), await redis.incr('t'), await redis.exec());
await redis.multi({ pipeline: false });
await redis.set('t', 6);
show(await redis.discard(), await redis.get('t'));
await failure(redis.multi().set('t').get('t').exec());
ok('MULTI and EXEC');
await redis.watch('t');
show(await redis.multi().set('t', 7).exec());
await redis.watch('t');
await automatic.set('t', 8);
show(await redis.multi().set('t', 9).exec(), await redis.get('t'));
ok('WATCH');

redis.defineCommand('twice', { numberOfKeys: 1, lua: 'return {KEYS[1], ARGV[1] * 2, {1, "x", false}}' });
show(await redis.twice('k', 4), await redis.twice('k', 5));
const sha = await redis.script('LOAD', 'return redis.call("GET", KEYS[1])');
show(sha, await redis.evalsha(sha, 1, 'a'), await redis.script('EXISTS', sha, '0'.repeat(40)));
await failure(redis.evalsha('0'.repeat(40), 0));
await failure(redis.eval('return redis.error_reply("MINE of my own")', 0));
ok('scripts');
await failure(redis.lpush('a', 'x'));
await failure(redis.call('NOSUCH', 'a'));
await failure(redis.set('a'));
show(await redis.get('a'));
ok('errors and recovery');

const blocked = connect();
const popped = blocked.blpop('queue', 5);
await redis.rpush('queue', 'job');
show(await popped, await blocked.blpop('queue', 0.1), await blocked.brpoplpush('l', 'l2', 1));
ok('blocking commands');

const listener = connect();
const next = () => new Promise((resolve) => {
  listener.once('message', (channel, message) => resolve([channel, message]));
});
const matched = () => new Promise((resolve) => {
  listener.once('pmessage', (pattern, channel, message) => resolve([pattern, channel, message]));
});
show(await listener.subscribe('news', 'other'), await listener.psubscribe('n*'));
for (const message of ['first', 'é']) {
  const both = [next(), matched()];
  show(await redis.publish('news', message), await Promise.all(both));
}
show(await redis.publish('quiet', 'unheard'));
show(await listener.unsubscribe('news', 'other'), await listener.punsubscribe('n*'));
show(await redis.publish('news', 'too late'), await listener.get('a'));
ok('publish and subscribe');

const text = 'é'.repeat(500000);
const bytes = Buffer.alloc((1 << 20) + 17, 0xfe);
await redis.mset('big', text, 'bytes', bytes);
show((await redis.get('big')) === text, Buffer.compare(await redis.getBuffer('bytes'), bytes));
show(await redis.rpush('many', ...Array.from({ length: 10000 }, (_, index) => `item ${index}`)));
show((await redis.lrange('many', 0, -1)).length);
ok('1 MB values');

const three = connect({ db: 3 });
show(await three.set('d', '3'), await three.get('d'), await redis.get('d'));
await three.select(0);
show(await three.get('a'));
ok('several databases');

const pool = Array.from({ length: size }, () => connect());
const asked = Array.from({ length: 16 }, (_, index) => pool[index % size].get(`m:${index % 3}`));
show(await Promise.all(asked));
ok('pool of 1, then 8');

await Promise.all([redis, automatic, blocked, listener, three, ...pool].map((one) => one.quit()));
