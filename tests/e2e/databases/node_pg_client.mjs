// What node-pg does that others do not: text values in both directions, unnamed statements unless
// one is named, pg-cursor's portals, COPY as streams, a pool.
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { from, to } from 'pg-copy-streams';

const [host, port] = process.env.ADDRESS.split(':');
const size = Number(process.env.POOL || '1');
const comment = process.env.COMMENT || 'one';
const where = { host, port: Number(port), user: 'postgres', database: 'postgres' };
const show = (...what) => console.log(...what.map((one) => JSON.stringify(one)));
const ok = (...features) => features.forEach((one) => console.log(`ok ${one}`));

const TABLE = `
  drop table if exists n; drop type if exists mood;
  create type mood as enum ('sad', 'so "so"', 'ok');
  create table n (
    id serial primary key, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
    num numeric(40, 10), t text, v varchar(20), c char(5), y bytea, u uuid, j json, jb jsonb,
    d date, tm time, ts timestamp, tz timestamptz, iv interval, m mood,
    ab bool[], ai int4[], a8 int8[], af float8[], an numeric[], at text[], av varchar[], ay bytea[],
    au uuid[], aj jsonb[], ad date[], ats timestamp[], atz timestamptz[], aiv interval[], am mood[]
  )`;
const FULL = {
  b: true, i2: -32768, i4: 2147483647, i8: '9223372036854775807', f4: 1.5e-7, f8: -1.7976931348623157e308,
  num: '123456789012345678901234567890.0123456789', t: 'tab\t"quote" \\ \n', v: "it's", c: 'ab',
  y: Buffer.from([0, 255, 92, 39]), u: '6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab',
  j: '{"a":  [1, null]}', jb: '{"b": {"c": "\\u00e9"}}', d: '2024-02-29', tm: '23:59:59.999999',
  ts: '1999-12-31 23:59:59.5', tz: '2024-01-02T03:04:05.678+02:00', iv: '1 year -2 mons 3 days -04:05:06.7',
  m: 'so "so"', ab: [true, false, null], ai: [[1, 2], [3, 4]], a8: ['1', null], af: [1.5, -0, 1e300],
  an: ['1.50', 'NaN'], at: ['', 'NULL', 'a,b', '{}"\\', null], av: ['x y'], ay: [Buffer.from([1, 0])],
  au: ['6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab'], aj: ['{"k": 1}'], ad: ['2024-01-01'],
  ats: ['2024-01-01 00:00:00'], atz: ['2024-01-01 00:00:00+00'], aiv: ['1 day'], am: ['sad', 'so "so"'],
};

async function failure(ask) {
  try {
    show(await ask);
  } catch (error) {
    show(error.code, error.message, error.detail, error.constraint, error.position);
  }
}

async function types(client) {
  await client.query(TABLE);
  ok('simple protocol');
  const names = Object.keys(FULL);
  const marks = names.map((_, index) => `$${index + 1}`);
  const insert = `insert into n (${names.join(', ')}) values (${marks.join(', ')}) returning *`;
  show((await client.query(insert, Object.values(FULL))).rows);
  const nulls = await client.query(insert, names.map(() => null));
  show(nulls.rows, nulls.rowCount, nulls.fields.map((one) => [one.name, one.dataTypeID]));
  ok('extended protocol', 'NULLs');
  const odd = await client.query(
    "select 'infinity'::timestamptz a, '-infinity'::date b, 'NaN'::float4 c, '-Infinity'::float8 d, "
      + "'{}'::int[] e, '24:00'::time f, '0001-01-01 BC'::date g, 1e15::float8 h, 0::numeric(5,2) i");
  show(odd.rows.map((row) => Object.values(row).map(String)));
  const whole = { text: 'select * from n where id > $1 order by id', rowMode: 'array' };
  const read = await client.query({ ...whole, values: [0] });
  show(read.rows.map((row) => row.map((one) => (one === null ? null : String(one)))));
  ok('every listed type', 'arrays and enums');
}

async function statements(client) {
  for (let round = 0; round < 3; round += 1) {
    const text = 'select id, t from n where id = $1';
    show((await client.query({ name: 'by id', text, values: [1] })).rows);
  }
  ok('prepared statements');
  await client.query('begin');
  show((await client.query("update n set t = 'changed' where id = $1", [1])).rowCount);
  await client.query('savepoint "a b"');
  await failure(client.query('insert into n (id) values ($1)', [1]));
  await failure(client.query('select 1'));
  await client.query('rollback to savepoint "a b"');
  show((await client.query('select t from n where id = $1', [1])).rows);
  await client.query('rollback');
  show((await client.query('select t from n where id = $1', [1])).rows);
  ok('rollback and savepoints');
  await failure(client.query('selec 1'));
  await failure(client.query('select $1::int', ['x']));
  await failure(client.query('select 1 / $1::int', [0]));
  await failure(client.query('select nope from n where id = $1', [1]));
  await failure(client.query('select 1; select 1/0; select 2'));
  show((await client.query('select 1 as a; select 2 as b')).map((one) => one.rows));
  show((await client.query('')).rows);
  ok('errors and recovery');
}

// node-pg reads rows as text whatever they are: of binary ones only what is ASCII.
async function format(binary, first) {
  const client = new pg.Client({ ...where, binary });
  await client.connect();
  const text = 'select g::int2 a, g b, g = 2 c, g::text d, 2.5::float8 e from generate_series($1::int, 3) g';
  show((await client.query(text, [first])).rows);
  await client.end();
}

async function pipelined() {
  const client = new pg.Client({ ...where, pipeline: true });
  await client.connect();
  const text = 'select 10 / $1::int as x';
  const asked = [1, 0, 2].map((one) => client.query(text, [one]));
  const ends = await Promise.allSettled([...asked, client.query('selec 2'), client.query('select 3')]);
  show(ends.map((one) => one.value?.rows ?? one.reason.message));
  const named = [5, 10].map((one) => client.query({ name: 'tenth', text, values: [one] }));
  show((await Promise.all(named)).map((read) => read.rows));
  await client.end();
  ok('pipelines and batches');
}

async function cursors(client) {
  const cursor = client.query(new Cursor('select generate_series(1, $1::int) g', [7]));
  for (let wanted = 3; ; wanted += 1) {
    const rows = await cursor.read(wanted);
    show(rows);
    if (rows.length === 0) break;
  }
  await cursor.close();
  const early = client.query(new Cursor('select generate_series(1, $1::int) g', [100]));
  show(await early.read(2));
  await early.close();
  await client.query('begin');
  await client.query('declare "c 1" cursor for select id from n order by id');
  show((await client.query('fetch 1 from "c 1"')).rows, (await client.query('fetch all in "c 1"')).rows);
  await client.query('close "c 1"');
  await client.query('commit');
  ok('cursors');
}

async function copying(client) {
  await client.query('create temp table copied (id int, t text)');
  await pipeline(Readable.from(['1\tone\n', '2\t\\N\n3\té\\t\n']), client.query(from('copy copied from stdin')));
  show((await client.query('select * from copied order by id')).rows);
  ok('COPY in');
  const stream = client.query(to('copy (select * from copied order by id) to stdout with csv'));
  let text = '';
  for await (const part of stream) text += part;
  show(text);
  ok('COPY out');
}

async function large(client) {
  show((await client.query('select $1::text as "naïve ✓"', ['žluťoučký 🐎\u0001'])).rows);
  ok('Unicode');
  const text = 'é'.repeat(500000);
  const bytes = Buffer.alloc(1 << 20, 0xfe);
  const read = await client.query('select $1::text t, $2::bytea y', [text, bytes]);
  show(read.rows[0].t === text, Buffer.compare(read.rows[0].y, bytes));
  ok('1 MB values');
  const many = await client.query("select g as id, 'row ' || g as t, g * 1.5 as n from generate_series(1, 100000) g");
  show(many.rows.length, many.rows[99999]);
  ok('100,000 rows');
}

async function listening(client) {
  await client.query('listen news');
  const heard = once(client, 'notification');
  await client.query("notify news, 'hello'");
  const [note] = await heard;
  show(note.channel, note.payload);
  await client.query('unlisten *');
  ok('LISTEN and NOTIFY');
}

const client = new pg.Client(where);
await client.connect();
await types(client);
await statements(client);
await cursors(client);
await copying(client);
await large(client);
await listening(client);
await client.end();
await format(true, 1);
ok('binary results');
await format(process.env.OTHER === '1', 0);
ok('the other format');
await pipelined();

const pool = new pg.Pool({ ...where, max: size });
const asked = Array.from({ length: 16 }, (_, number) => pool.query('select $1::int * 2 as double', [number]));
show((await Promise.all(asked)).map((one) => one.rows[0].double));
ok('pool of 1, then 8');
const traced = `select 1 /*traceparent='00-${comment}-01'*/`;
show((await pool.query(traced)).rows, (await pool.query(`/* ${comment} */ ${traced}`)).rows);
ok('changed trace comments');
await pool.end();
