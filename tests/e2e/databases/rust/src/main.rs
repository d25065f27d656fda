//! What tokio-postgres does that others do not: Describe before every Bind and binary values of
//! types that it asks the server for, requests in a pipeline without waiting, portals, binary COPY.

use std::collections::HashMap;
use std::env;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures_util::{future, pin_mut, SinkExt, StreamExt, TryStreamExt};
use postgres_types::{FromSql, ToSql, Type};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};
use uuid::Uuid;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Clone, PartialEq, ToSql, FromSql)]
#[postgres(name = "rmood", rename_all = "lowercase")]
enum Mood {
    Sad,
    Ok,
}

const TABLE: &str = "
    drop table if exists rt; drop type if exists rmood; create type rmood as enum ('sad', 'ok');
    create table rt (id serial primary key, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
    n numeric, t text, v varchar, c bpchar, y bytea, u uuid, j json, jb jsonb, d date, tm time,
    ts timestamp, tz timestamptz, m rmood, ia int4[], ta text[], ua uuid[], ma rmood[])";

async fn opened() -> Result<Client, Failed> {
    let address = env::var("ADDRESS")?;
    let (host, port) = address.split_once(':').ok_or("an address has a port")?;
    let (client, connection) = tokio_postgres::Config::new()
        .host(host)
        .port(port.parse()?)
        .user("postgres")
        .dbname("postgres")
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

fn told<T>(result: Result<T, Error>) {
    match result {
        Ok(_) => println!("no error"),
        Err(error) => match error.as_db_error() {
            Some(db) => println!("{} {} {:?}", db.code().code(), db.message(), db.constraint()),
            None => println!("{error}"),
        },
    }
}

async fn types(c: &Client) -> Result<(), Failed> {
    c.batch_execute(TABLE).await?;
    println!("ok simple protocol");
    let insert = c
        .prepare(
            "insert into rt (b,i2,i4,i8,f4,f8,n,t,v,c,y,u,j,jb,d,tm,ts,tz,m,ia,ta,ua,ma) values
             ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)
             returning id",
        )
        .await?;
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    let clock = NaiveTime::from_hms_micro_opt(23, 59, 59, 123_456).ok_or("a time")?;
    let moment = NaiveDateTime::new(day, clock);
    let zoned: DateTime<Utc> = moment.and_utc();
    let json: Value = serde_json::from_str(r#"{"a": [1, null], "é": "☃"}"#)?;
    let numbers: Vec<Option<i32>> = vec![Some(1), None, Some(-3)];
    let texts = vec!["a", "b,\"c\"", "", "NULL"];
    let uuids = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
    let moods = vec![Mood::Ok, Mood::Sad];
    let price: Decimal = "-123456789.12345".parse()?;
    let id: i32 = c
        .query_one(
            &insert,
            &[
                &true, &i16::MIN, &i32::MAX, &i64::MIN, &1.1f32, &1e300f64, &price, &"é☃😀 'q' \\ \n",
                &"v", &"c", &&[0u8, 255, 92][..], &Uuid::from_u128(7), &json, &json, &day, &clock,
                &moment, &zoned, &Mood::Ok, &numbers, &texts, &uuids, &moods,
            ],
        )
        .await?
        .get(0);
    println!("{id}");
    c.execute("insert into rt default values", &[]).await?;
    let select = c.prepare("select * from rt where id = $1").await?;
    println!("{:?} {}", select.params(), select.columns().len());
    for _ in 0..3 {
        let r = c.query_one(&select, &[&1i32]).await?;
        println!(
            "{:?} {} {} {} {} {:e} {}",
            r.get::<_, bool>(1), r.get::<_, i16>(2), r.get::<_, i32>(3), r.get::<_, i64>(4),
            r.get::<_, f32>(5), r.get::<_, f64>(6), r.get::<_, Decimal>(7)
        );
        println!(
            "{:?} {} {} {:?} {} {} {}",
            r.get::<_, &str>(8), r.get::<_, &str>(9), r.get::<_, &str>(10), r.get::<_, &[u8]>(11),
            r.get::<_, Uuid>(12), r.get::<_, Value>(13), r.get::<_, Value>(14)
        );
        println!(
            "{} {} {} {} {:?}",
            r.get::<_, NaiveDate>(15), r.get::<_, NaiveTime>(16), r.get::<_, NaiveDateTime>(17),
            r.get::<_, DateTime<Utc>>(18), r.get::<_, Mood>(19)
        );
        println!(
            "{:?} {:?} {:?} {:?}",
            r.get::<_, Vec<Option<i32>>>(20), r.get::<_, Vec<String>>(21),
            r.get::<_, Vec<Uuid>>(22), r.get::<_, Vec<Mood>>(23)
        );
    }
    println!("ok every listed type\nok arrays and enums\nok binary results\nok prepared statements");
    let r = c.query_one(&select, &[&2i32]).await?;
    println!("{:?} {:?} {:?}", r.get::<_, Option<i32>>(3), r.get::<_, Option<Mood>>(19), r.get::<_, Option<Vec<String>>>(21));
    println!("ok NULLs");
    for message in c.simple_query("select 1 as a, null as b; update rt set v = 'w'; select 'é' as c").await? {
        match message {
            SimpleQueryMessage::Row(row) => println!("{:?} {:?}", row.get(0), row.columns().len()),
            SimpleQueryMessage::CommandComplete(count) => println!("{count}"),
            _ => println!("columns"),
        }
    }
    println!("ok simple protocol\nok Unicode");
    let typed = c.prepare_typed("select $1 || ' there', $2::text::int8", &[Type::TEXT, Type::TEXT]).await?;
    let r = c.query_one(&typed, &[&"hello", &"12"]).await?;
    println!("{} {}", r.get::<_, &str>(0), r.get::<_, i64>(1));
    println!("ok extended protocol");
    Ok(())
}

async fn together(c: &mut Client) -> Result<(), Failed> {
    let many = c.prepare("select $1::int4 * 2").await?;
    let asked = (0..20).map(|number| {
        let (c, many) = (&*c, many.clone());
        async move { c.query_one(&many, &[&number]).await.map(|row| row.get::<_, i32>(0)) }
    });
    println!("{:?}", future::try_join_all(asked).await?);
    let (wrong, right) = future::join(c.query("select 1 / $1::int4", &[&0i32]), c.query_one(&many, &[&21i32])).await;
    told(wrong);
    println!("{}", right?.get::<_, i32>(0));
    println!("ok pipelines and batches");
    let t = c.transaction().await?;
    let portal = t.bind("select i, 'row ' || i from generate_series(1, 10) i", &[]).await?;
    loop {
        let rows = t.query_portal(&portal, 4).await?;
        println!("{:?}", rows.iter().map(|row| row.get::<_, String>(1)).collect::<Vec<_>>());
        if rows.len() < 4 {
            break;
        }
    }
    t.batch_execute("declare rc cursor for select id from rt order by id").await?;
    println!("{}", t.query("fetch 1 from rc", &[]).await?[0].get::<_, i32>(0));
    println!("{}", t.query("fetch all from rc", &[]).await?.len());
    t.commit().await?;
    println!("ok cursors");
    let mut t = c.transaction().await?;
    println!("{}", t.execute("insert into rt (i4) values ($1)", &[&5i32]).await?);
    let inner = t.savepoint("one").await?;
    told(inner.execute("insert into rt (id) values (1)", &[]).await);
    told(inner.query("select 1", &[]).await);
    inner.rollback().await?;
    println!("{}", t.query_one("select count(*) from rt", &[]).await?.get::<_, i64>(0));
    drop(t);
    println!("{}", c.query_one("select count(*) from rt", &[]).await?.get::<_, i64>(0));
    println!("ok rollback and savepoints");
    told(c.query("select nope from rt", &[]).await);
    told(c.batch_execute("selec 1").await);
    told(c.query_one("select id from rt where id = 99", &[]).await);
    let slow = c.cancel_token();
    let (waited, ()) = future::join(c.query("select pg_sleep(20)", &[]), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let _ = slow.cancel_query(NoTls).await;
    })
    .await;
    told(waited);
    println!("{}", c.query_one("select 'well'", &[]).await?.get::<_, String>(0));
    println!("ok errors and recovery");
    Ok(())
}

async fn copies(c: &Client) -> Result<(), Failed> {
    c.batch_execute("drop table if exists rc; create table rc (id int4, name text)").await?;
    let sink = c.copy_in("copy rc (id, name) from stdin").await?;
    pin_mut!(sink);
    sink.send(Bytes::from_static("1\té\n2\t\\N\n".as_bytes())).await?;
    sink.send(Bytes::from_static(b"3\tthree\n")).await?;
    println!("{}", sink.finish().await?);
    let sink = c.copy_in("copy rc (id, name) from stdin binary").await?;
    let writer = BinaryCopyInWriter::new(sink, &[Type::INT4, Type::TEXT]);
    pin_mut!(writer);
    for number in 10..13i32 {
        writer.as_mut().write(&[&number, &format!("b{number}")]).await?;
    }
    println!("{}", writer.finish().await?);
    println!("ok COPY in");
    let parts: Vec<Bytes> = c.copy_out("copy (select * from rc order by id) to stdout").await?.try_collect().await?;
    println!("{}", String::from_utf8_lossy(&parts.concat()));
    println!("ok COPY out");
    Ok(())
}

async fn large(c: &Client) -> Result<(), Failed> {
    let big = "é".repeat(600_000);
    let r = c.query_one("select $1::text, $2::bytea", &[&big, &vec![7u8; 1_200_000]]).await?;
    println!("{} {}", r.get::<_, &str>(0) == big, r.get::<_, &[u8]>(1).len());
    println!("ok 1 MB values");
    let none: [i32; 0] = [];
    let rows = c
        .query_raw("select i, 'row ' || i, nullif(i % 7, 0) from generate_series(1, 100000) i", none)
        .await?;
    pin_mut!(rows);
    let (mut sum, mut nulls) = (0i64, 0);
    while let Some(row) = rows.next().await {
        let row = row?;
        sum += i64::from(row.get::<_, i32>(0)) + row.get::<_, &str>(1).len() as i64;
        nulls += i32::from(row.get::<_, Option<i32>>(2).is_none());
    }
    println!("{sum} {nulls}\nok 100,000 rows");
    let comment = env::var("COMMENT").unwrap_or_else(|_| "1".into());
    let sql = format!("select count(*) from rt /* traceparent='{comment}' */");
    println!("{}\nok changed trace comments", c.query_one(&sql, &[]).await?.get::<_, i64>(0));
    Ok(())
}

async fn pool() -> Result<(), Failed> {
    let size: usize = env::var("POOL").unwrap_or_else(|_| "1".into()).parse()?;
    let mut clients = Vec::new();
    for _ in 0..size {
        clients.push(opened().await?);
    }
    let asked = (0..40usize).map(|number| {
        let c = &clients[number % size];
        async move {
            let row = c.query_one("select $1::int4 + 1, m from rt where id = $2", &[&(number as i32), &1i32]).await?;
            Ok::<_, Error>((row.get::<_, i32>(0), row.get::<_, Mood>(1)))
        }
    });
    let found: HashMap<i32, Mood> = future::try_join_all(asked).await?.into_iter().collect();
    println!("{} {}\nok pool of 1, then 8", found.len(), found.values().all(|one| *one == Mood::Ok));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut client = opened().await?;
    types(&client).await?;
    together(&mut client).await?;
    copies(&client).await?;
    large(&client).await?;
    pool().await
}
