// Drizzle over postgres.js: models, joins, transactions, prepared statements, cursors, COPY, errors.
import { and, count, desc, eq, inArray, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import {
  bigint, boolean, date, doublePrecision, integer, jsonb, numeric, pgEnum, pgTable, serial, text, timestamp, uuid,
} from 'drizzle-orm/pg-core';
import postgres from 'postgres';

const show = (...what) => console.log(...what.map((one) => JSON.stringify(one)));
const ok = (...features) => features.forEach((one) => console.log(`ok ${one}`));
const comment = process.env.COMMENT || 'one';
const size = Number(process.env.POOL || '1');

const client = postgres(`postgres://postgres@${process.env.ADDRESS}/postgres`, { max: size, onnotice: () => {} });
const db = drizzle(client);
const mood = pgEnum('drizzle_mood', ['sad', 'ok']);
const users = pgTable('drizzle_users', {
  id: serial('id').primaryKey(),
  name: text('name').notNull().unique(),
  mood: mood('mood'),
  born: date('day'),
  seen: timestamp('seen', { withTimezone: true }),
  balance: numeric('balance', { precision: 12, scale: 2 }),
  big: bigint('big', { mode: 'bigint' }),
  ratio: doublePrecision('ratio'),
  facts: jsonb('facts'),
  tags: text('tags').array(),
  key: uuid('key'),
  open: boolean('open'),
});
const posts = pgTable('drizzle_posts', {
  id: serial('id').primaryKey(), author: integer('author'), title: text('title'),
});
await client.unsafe(`
  DROP TABLE IF EXISTS drizzle_users, drizzle_posts; DROP TYPE IF EXISTS drizzle_mood;
  CREATE TYPE drizzle_mood AS ENUM ('sad', 'ok');
  CREATE TABLE drizzle_users (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood drizzle_mood, day date,
    seen timestamptz, balance numeric(12, 2), big int8, ratio float8, facts jsonb, tags text[], key uuid, open bool);
  CREATE TABLE drizzle_posts (id serial PRIMARY KEY, author int, title text)`);
ok('simple protocol');

const plain = (row) => ({ ...row, big: row.big === undefined || row.big === null ? row.big : String(row.big) });
const [ada] = await db.insert(users).values({
  name: "Ada O'Neil", mood: 'ok', born: '2015-12-10', seen: new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4)), balance: '12.50',
  big: 9007199254740993n, ratio: 0.1, facts: { a: [1, null, 'é'] }, tags: ['x', 'y,z'],
  key: '6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab', open: true,
}).returning();
show(plain(ada));
await db.insert(users).values([{ name: 'Bob' }, { name: 'Čeněk 🐎' }]);
await db.insert(posts).values([{ author: ada.id, title: 'first' }, { author: ada.id, title: 'second "quoted"' }]);
show((await db.select().from(users).orderBy(users.id)).map(plain));
ok('extended protocol', 'object mapping', 'arrays and enums', 'NULLs', 'Unicode');
show(await db.select({ name: users.name, title: posts.title }).from(users)
  .leftJoin(posts, eq(posts.author, users.id)).where(inArray(users.id, [1, 2])).orderBy(users.id, posts.id));
show(await db.select({ n: count() }).from(users).where(and(eq(users.open, true), eq(users.mood, 'ok'))));
const prepared = db.select({ id: users.id }).from(users).where(eq(users.name, sql.placeholder('name'))).prepare('by_name');
for (const name of ['Bob', 'nobody', 'Bob']) show(await prepared.execute({ name }));
ok('prepared statements');
await db.transaction(async (tx) => {
  await tx.update(users).set({ balance: '1.00' }).where(eq(users.name, 'Bob'));
  await tx.transaction(async (inner) => {
    await inner.delete(posts);
    inner.rollback();
  }).catch((error) => show(error.constructor.name));
});
show(await db.select({ n: count() }).from(posts), await db.select({ b: users.balance }).from(users).where(eq(users.name, 'Bob')));
ok('rollback and savepoints');
for (const broken of [() => db.insert(users).values({ name: 'Bob' }), () => db.execute(sql`select 1 / ${0}::int`)]) {
  await broken().catch((error) => show((error.cause ?? error).code, (error.cause ?? error).message));
}
show(await db.execute(sql`select 1 as one`));
ok('errors and recovery');
const rows = [];
await client`select * from generate_series(1, 25) as n`.cursor(10, (some) => { rows.push(some.map((one) => one.n)); });
show(rows);
ok('cursors');
show(await db.execute(sql.raw(`select id from drizzle_users order by id desc limit 1 /* trace='${comment}' */`)));
ok('changed trace comments');
const many = await Promise.all([1, 2, 3, 1, 2, 3].map((id) => db.select({ n: users.name }).from(users).where(eq(users.id, id))));
show(many, await db.select({ t: posts.title }).from(posts).orderBy(desc(posts.id)).limit(1).offset(1));
ok('pool of 1, then 8');
await client.end();
