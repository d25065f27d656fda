// What pgx does that others do not: statements prepared and cached by themselves, described before
// the first Bind, binary values in both directions, batches in one flight, COPY in binary, a pool
// that checks its connections.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

var background = context.Background()

const table = `
  drop table if exists g; drop type if exists mood;
  create type mood as enum ('sad', 'so "so"', 'ok');
  create table g (
    id serial primary key, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
    num numeric(40, 10), t text, v varchar(20), c char(5), y bytea, u uuid, j json, jb jsonb,
    d date, tm time, ts timestamp, tz timestamptz, iv interval, m mood,
    ab bool[], ai int4[], a8 int8[], af float8[], an numeric[], at text[], ay bytea[],
    au uuid[], ad date[], ats timestamp[], atz timestamptz[], aiv interval[], am mood[]
  )`

// The same row in text, as parameters of a simple query or a cast would have it.
var full = []string{
	"true", "-32768", "2147483647", "-9223372036854775808", "1.5e-07", "-1.7976931348623157e+308",
	"-12345678901234567890.0123456789", "tab\t\"quote\" \\ \n", "it's", "ab", `\x00ff5c27`,
	"6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab", `{"a":  [1, null]}`, `{"b": {"c": "é"}}`, "2024-02-29",
	"23:59:59.999999", "1999-12-31 23:59:59.5", "2024-01-02 01:04:05.678+00",
	"1 year -2 mons 3 days -04:05:06.7", `so "so"`, "{t,f,NULL}", "{{1,2},{3,4}}", "{1,NULL}",
	"{1.5,-0,1e+300}", "{1.50,NaN,10000,0.00001}", `{"","NULL","a,b","{}\"\\",NULL}`, `{"\\x0100"}`,
	"{6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab}", "{2024-01-01,infinity}", `{"2024-01-01 00:00:00"}`,
	`{"2024-01-01 00:00:00+00"}`, `{"1 day"}`, `{sad,"so \"so\""}`,
}

func ok(features ...string) {
	for _, one := range features {
		fmt.Println("ok " + one)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func show(what ...any) {
	for index, one := range what {
		text, err := json.Marshal(plain(one))
		check(err)
		if index > 0 {
			fmt.Print(" ")
		}
		fmt.Print(string(text))
	}
	fmt.Println()
}

// plain makes of values what JSON can hold: times in UTC, pgx's own types by their text.
func plain(value any) any {
	switch one := value.(type) {
	case []any:
		out := make([]any, len(one))
		for index, inner := range one {
			out[index] = plain(inner)
		}
		return out
	case time.Time:
		return one.UTC().Format(time.RFC3339Nano)
	case float32, float64:
		return fmt.Sprint(one)
	case nil, string, bool, []byte:
		return value
	}
	if _, can := value.(json.Marshaler); !can && reflect.TypeOf(value).Kind() == reflect.Struct {
		return fmt.Sprintf("%+v", value)
	}
	return value
}

func rows(read pgx.Rows, err error) [][]any {
	check(err)
	defer read.Close()
	var found [][]any
	for read.Next() {
		values, err := read.Values()
		check(err)
		found = append(found, plain(values).([]any))
	}
	check(read.Err())
	return found
}

func refused(err error) {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		show(told.Code, told.Message, told.Detail, told.ConstraintName, told.Position)
	} else {
		show(fmt.Sprint(err))
	}
}

func types(c *pgx.Conn) {
	_, err := c.Exec(background, table)
	check(err)
	names := strings.Fields("b i2 i4 i8 f4 f8 num t v c y u j jb d tm ts tz iv m ab ai a8 af an at ay au ad ats atz aiv am")
	casts := strings.Fields("bool int2 int4 int8 float4 float8 numeric text varchar bpchar bytea uuid json jsonb date time " +
		"timestamp timestamptz interval mood bool[] int4[] int8[] float8[] numeric[] text[] bytea[] uuid[] date[] " +
		"timestamp[] timestamptz[] interval[] mood[]")
	var marks []string
	var values, nulls []any
	for index, cast := range casts {
		marks = append(marks, fmt.Sprintf("$%d::text::%s", index+1, cast))
		values, nulls = append(values, full[index]), append(nulls, nil)
	}
	insert := "insert into g (" + strings.Join(names, ", ") + ") values (" + strings.Join(marks, ", ") + ") returning id"
	show(rows(c.Query(background, insert, values...)))
	show(rows(c.Query(background, insert, nulls...)))
	for _, name := range []string{"mood", "_mood"} {
		known, err := c.LoadType(background, name)
		check(err)
		c.TypeMap().RegisterType(known)
	}
	show(rows(c.Query(background, "select * from g where id = $1", 1)))
	ok("extended protocol", "prepared statements", "binary results", "every listed type", "arrays and enums")
	show(rows(c.Query(background, "select * from g where id = $1", 2)))
	ok("NULLs")
	odd := "select 'infinity'::timestamptz, '-infinity'::date, 'NaN'::float4, '-Infinity'::float8, '{}'::int[], '24:00'::time," +
		" '0044-03-15 BC'::date, 1e15::float8, 0::numeric(5,2), 'NaN'::numeric, '[0:1]={7,8}'::int[], ''::bytea," +
		" '-1 mon +2 days'::interval, row(1, 'x'), 'a'::\"char\", 12::oid, '1 2'::tsvector::text, int4range(1, 5)"
	show(rows(c.Query(background, odd)))
	format := int16(pgx.BinaryFormatCode)
	if os.Getenv("OTHER") == "1" {
		format = pgx.TextFormatCode
	}
	wanted := pgx.QueryResultFormats{format}
	show(rows(c.Query(background, "select * from g where id < $1 order by id", wanted, 9)))
	ok("the other format")
}

// Parameters in both forms give one call: what was sent binary is sent as text beside the mock.
func parameters(c *pgx.Conn) {
	kinds := strings.Fields("bool int2 int4 int8 float4 float8 numeric text bytea uuid jsonb date timestamp timestamptz int4[] text[]")
	texts := []string{"t", "-5", "2147483647", "9223372036854775807", "0.1", "1e+300", "-123456789.0100", "é", `\x00ff`,
		"6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab", `{"a":1}`, "2024-02-29", "2024-02-29 23:59:58.5", "2024-02-29 23:59:58.5+00",
		"{1,NULL,3}", `{"a b","",c}`}
	var columns []string
	for index, kind := range kinds {
		columns = append(columns, fmt.Sprintf("$%d::%s", index+1, kind))
	}
	prepared, err := c.Prepare(background, "every kind", "select "+strings.Join(columns, ", "))
	check(err)
	var values [][]byte
	for index, oid := range prepared.ParamOIDs {
		value := []byte(texts[index])
		if os.Getenv("OTHER") != "1" {
			kind, _ := c.TypeMap().TypeForOID(oid)
			decoded, err := kind.Codec.DecodeValue(c.TypeMap(), oid, pgx.TextFormatCode, value)
			check(err)
			value, err = c.TypeMap().Encode(oid, pgx.BinaryFormatCode, decoded, nil)
			check(err)
		}
		values = append(values, value)
	}
	form := map[bool]int16{true: pgx.TextFormatCode, false: pgx.BinaryFormatCode}[os.Getenv("OTHER") == "1"]
	read := c.PgConn().ExecPrepared(background, "every kind", values, []int16{form}, nil).Read()
	check(read.Err)
	show(fmt.Sprintf("%s", read.Rows))
	ok("the other format")
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeDescribeExec, pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		for range 2 {
			show(rows(c.Query(background, "select $1::int + 1, $2::text", mode, 4, "it's")))
		}
	}
	ok("simple protocol")
}

func transactions(c *pgx.Conn) {
	tx, err := c.Begin(background)
	check(err)
	done, err := tx.Exec(background, "update g set t = 'changed' where id = $1", 1)
	check(err)
	show(done.String(), done.RowsAffected())
	inner, err := tx.Begin(background)
	check(err)
	_, err = inner.Exec(background, "insert into g (id) values ($1)", 1)
	refused(err)
	_, err = inner.Exec(background, "select 1")
	refused(err)
	check(inner.Rollback(background))
	show(rows(tx.Query(background, "select t from g where id = $1", 1)))
	check(tx.Rollback(background))
	show(rows(c.Query(background, "select t from g where id = $1", 1)))
	ok("rollback and savepoints")
	for _, sql := range []string{"selec 1", "select nope from g", "select 1/0", "select $1::int", "insert into g (m) values ('none')"} {
		_, err = c.Exec(background, sql)
		refused(err)
	}
	_, err = c.Exec(background, "select 10 / $1::int", 0)
	refused(err)
	_, err = c.Exec(background, "select $1::text::int", "x")
	refused(err)
	show(rows(c.Query(background, "select 10 / $1::int", 5)))
	ok("errors and recovery")
}

func batches(c *pgx.Conn) {
	batch := &pgx.Batch{}
	batch.Queue("insert into g (t) values ($1) returning t", "first")
	batch.Queue("select count(*) from g")
	batch.Queue("select t from g where id = $1", 1)
	batch.Queue("insert into g (t) values ($1)", "second")
	results := c.SendBatch(background, batch)
	show(rows(results.Query()), rows(results.Query()), rows(results.Query()))
	done, err := results.Exec()
	check(err)
	show(done.String())
	check(results.Close())
	batch = &pgx.Batch{}
	batch.Queue("insert into g (t) values ($1)", "never")
	batch.Queue("select 10 / $1::int", 0)
	batch.Queue("select count(*) from g")
	refused(c.SendBatch(background, batch).Close())
	show(rows(c.Query(background, "select count(*) from g where t = $1", "never")))
	pipe := c.PgConn().StartPipeline(background)
	pipe.SendQueryParams("select $1::int4 as one", [][]byte{[]byte("1")}, nil, nil, nil)
	pipe.SendQueryParams("select 1/0", nil, nil, nil, nil)
	pipe.SendQueryParams("select 3", nil, nil, nil, nil)
	check(pipe.Sync())
	pipe.SendQueryParams("select 4", nil, nil, nil, nil)
	check(pipe.Sync())
	for {
		result, err := pipe.GetResults()
		if err != nil {
			refused(err)
			continue
		}
		if result == nil {
			break
		}
		if reader, is := result.(*pgconn.ResultReader); is {
			read := reader.Read()
			if read.Err != nil {
				refused(read.Err)
			} else {
				show(fmt.Sprintf("%s", read.Rows))
			}
		} else {
			show(fmt.Sprintf("%T", result))
		}
	}
	check(pipe.Close())
	ok("pipelines and batches")
}

func copying(c *pgx.Conn) {
	_, err := c.Exec(background, "create temp table copied (id int8, t text, at timestamptz, n numeric)")
	check(err)
	at := time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)
	source := pgx.CopyFromRows([][]any{{int64(1), "one", at, "1.5"}, {int64(2), nil, nil, nil}, {int64(3), "é\t", at, "-2"}})
	count, err := c.CopyFrom(background, pgx.Identifier{"copied"}, []string{"id", "t", "at", "n"}, source)
	check(err)
	show(count, rows(c.Query(background, "select * from copied order by id")))
	ok("COPY in")
	var text strings.Builder
	_, err = c.PgConn().CopyTo(background, &text, "copy (select id, t from copied order by id) to stdout")
	check(err)
	show(text.String())
	ok("COPY out")
}

func cursors(c *pgx.Conn) {
	tx, err := c.Begin(background)
	check(err)
	_, err = tx.Exec(background, "declare cu cursor for select generate_series(1, $1::int)", 5)
	if err != nil {
		refused(err)
	}
	for range 3 {
		show(rows(tx.Query(background, "fetch 2 from cu")))
	}
	check(tx.Commit(background))
	ok("cursors")
}

func large(c *pgx.Conn) {
	show(rows(c.Query(background, `select $1::text as "naïve ✓"`, "žluťoučký 🐎\u0001")))
	ok("Unicode")
	text, bytes := strings.Repeat("é", 500000), make([]byte, 1<<20)
	for index := range bytes {
		bytes[index] = byte(index)
	}
	var gotText string
	var gotBytes []byte
	check(c.QueryRow(background, "select $1::text, $2::bytea", text, bytes).Scan(&gotText, &gotBytes))
	show(gotText == text, string(gotBytes) == string(bytes))
	ok("1 MB values")
	read := rows(c.Query(background, "select g, 'row ' || g, g * 1.5 from generate_series(1, 100000) g"))
	show(len(read), read[99999])
	ok("100,000 rows")
}

func listening(c *pgx.Conn, address string) {
	_, err := c.Exec(background, `listen "News"`)
	check(err)
	other, err := pgx.Connect(background, address)
	check(err)
	for _, text := range []string{"first", "é"} {
		_, err = other.Exec(background, "select pg_notify($1, $2)", "News", text)
		check(err)
		limited, cancel := context.WithTimeout(background, 10*time.Second)
		heard, err := c.WaitForNotification(limited)
		cancel()
		check(err)
		show(heard.Channel, heard.Payload)
	}
	check(other.Close(background))
	ok("LISTEN and NOTIFY")
}

func pool(address string) {
	size := "1"
	if given := os.Getenv("POOL"); given != "" {
		size = given
	}
	pool, err := pgxpool.New(background, address+"&pool_max_conns="+size)
	check(err)
	defer pool.Close()
	check(pool.Ping(background))
	answers := make([]int, 16)
	var all sync.WaitGroup
	for index := range answers {
		all.Add(1)
		go func() {
			defer all.Done()
			check(pool.QueryRow(background, "select $1::int * 2", index).Scan(&answers[index]))
		}()
	}
	all.Wait()
	show(answers)
	ok("pool of 1, then 8")
	comment := os.Getenv("COMMENT")
	show(rows(pool.Query(background, "select $1::int /*traceparent='00-"+comment+"-01'*/", 7)))
	show(rows(pool.Query(background, "/* "+comment+" */ select 8")))
	ok("changed trace comments")
}

func main() {
	address := "postgres://postgres@" + os.Getenv("ADDRESS") + "/postgres?sslmode=prefer"
	c, err := pgx.Connect(background, address)
	check(err)
	types(c)
	parameters(c)
	transactions(c)
	batches(c)
	copying(c)
	cursors(c)
	large(c)
	listening(c, address)
	check(c.Close(background))
	pool(address)
}
