// What lib/pq does that others do not: database/sql's own pool, statements without a name for each
// query, text both ways unless asked for binary parameters, COPY as a prepared statement.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

const table = `
  drop table if exists q; drop type if exists mood;
  create type mood as enum ('sad', 'ok');
  create table q (
    id serial primary key, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
    num numeric(40, 10), t text, v varchar(20), c char(5), y bytea, u uuid, j json, jb jsonb,
    d date, tm time, ts timestamp, tz timestamptz, iv interval, m mood,
    ab bool[], ai int4[], af float8[], an numeric[], at text[], ay bytea[], au uuid[], am mood[]
  )`

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
		if at, is := one.(time.Time); is {
			one = at.UTC()
		}
		text, err := json.Marshal(one)
		check(err)
		if index > 0 {
			fmt.Print(" ")
		}
		fmt.Print(string(text))
	}
	fmt.Println()
}

type asker interface {
	Query(string, ...any) (*sql.Rows, error)
}

func rows(from asker, text string, values ...any) [][]any {
	read, err := from.Query(text, values...)
	check(err)
	return every(read)
}

func every(read *sql.Rows) [][]any {
	defer read.Close()
	columns, err := read.Columns()
	check(err)
	var found [][]any
	for read.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for index := range row {
			into[index] = &row[index]
		}
		check(read.Scan(into...))
		for index, one := range row {
			switch value := one.(type) {
			case []byte:
				row[index] = string(value)
			case time.Time:
				row[index] = value.UTC()
			case float64:
				row[index] = fmt.Sprint(value)
			}
		}
		found = append(found, row)
	}
	check(read.Err())
	return found
}

func refused(err error) {
	var told *pq.Error
	if errors.As(err, &told) {
		show(told.Code, told.Message, told.Detail, told.Constraint, told.Position)
	} else {
		show(fmt.Sprint(err))
	}
}

func types(db *sql.DB) {
	_, err := db.Exec(table)
	check(err)
	ok("simple protocol")
	names := strings.Fields("b i2 i4 i8 f4 f8 num t v c y u j jb d tm ts tz iv m ab ai af an at ay au am")
	at := time.Date(2024, 2, 29, 23, 59, 58, 123456000, time.UTC)
	values := []any{true, -32768, 2147483647, int64(-9223372036854775808), 0.1, -1.7976931348623157e+308,
		"12345678901234567890.0123456789", "tab\t\"quote\" \\ \n", "it's", "ab", []byte{0, 255, 92, 39},
		"6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab", `{"a":  [1, null]}`, []byte(`{"b": {"c": "é"}}`), "2024-02-29",
		"23:59:59.999999", at, at, "1 year -2 mons 3 days -04:05:06.7", "ok",
		pq.Array([]bool{true, false}), pq.Array([]int64{1, -2}), pq.Array([]float64{1.5, 1e300}), "{1.50,NULL}",
		pq.Array([]string{"", "NULL", "a,b", `{}"\`}), pq.Array([][]byte{{0, 1}}),
		"{6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab}", "{sad,ok}"}
	var marks []string
	for index := range names {
		marks = append(marks, "$"+strconv.Itoa(index+1))
	}
	insert := "insert into q (" + strings.Join(names, ", ") + ") values (" + strings.Join(marks, ", ") + ") returning *"
	show(rows(db, insert, values...))
	show(rows(db, insert, make([]any, len(names))...))
	show(rows(db, "select * from q order by id"))
	ok("extended protocol", "every listed type", "arrays and enums", "NULLs")
}

func statements(db *sql.DB) {
	prepared, err := db.Prepare("select id, t from q where id = $1")
	check(err)
	for range 3 {
		read, err := prepared.Query(1)
		check(err)
		show(every(read))
	}
	check(prepared.Close())
	ok("prepared statements")
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	check(err)
	_, err = tx.Exec("update q set t = $1 where id = $2", "changed", 1)
	check(err)
	_, err = tx.Exec("savepoint inside")
	check(err)
	_, err = tx.Exec("insert into q (id) values ($1)", 1)
	refused(err)
	_, err = tx.Exec("select 1")
	refused(err)
	_, err = tx.Exec("rollback to savepoint inside")
	check(err)
	show(rows(tx, "select t from q where id = $1", 1))
	check(tx.Rollback())
	show(rows(db, "select t from q where id = $1", 1))
	ok("rollback and savepoints")
	for _, text := range []string{"selec 1", "select nope from q", "select 1/0", "insert into q (m) values ('none')"} {
		_, err = db.Exec(text)
		refused(err)
	}
	_, err = db.Exec("select 10 / $1::int", 0)
	refused(err)
	_, err = db.Query("select $1::int", "x")
	refused(err)
	show(rows(db, "select 10 / $1::int", 5))
	ok("errors and recovery")
	read, err := db.Query("select 1; select 2 as two")
	check(err)
	more := true
	for more {
		columns, err := read.Columns()
		check(err)
		for read.Next() {
			var value int
			check(read.Scan(&value))
			show(columns, value)
		}
		more = read.NextResultSet()
	}
	check(read.Close())
	ok("pipelines and batches")
}

func copying(db *sql.DB) {
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("create temp table copied (id int, t text, at timestamptz) on commit drop")
	check(err)
	into, err := tx.Prepare(pq.CopyIn("copied", "id", "t", "at"))
	check(err)
	at := time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)
	for index, text := range []any{"one\ttab", nil, "é\\"} {
		_, err = into.Exec(index, text, at)
		check(err)
	}
	_, err = into.Exec()
	check(err)
	check(into.Close())
	show(rows(tx, "select id, t, at from copied order by id"))
	check(tx.Commit())
	ok("COPY in")
}

func cursors(db *sql.DB) {
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("declare cu cursor for select generate_series(1, 5)")
	check(err)
	for range 3 {
		show(rows(tx, "fetch 2 from cu"))
	}
	check(tx.Commit())
	ok("cursors")
}

func large(db *sql.DB) {
	show(rows(db, `select $1::text as "naïve ✓"`, "žluťoučký 🐎\u0001"))
	ok("Unicode")
	text, bytes := strings.Repeat("é", 500000), make([]byte, 1<<20)
	for index := range bytes {
		bytes[index] = byte(index)
	}
	var gotText string
	var gotBytes []byte
	check(db.QueryRow("select $1::text, $2::bytea", text, bytes).Scan(&gotText, &gotBytes))
	show(gotText == text, string(gotBytes) == string(bytes))
	ok("1 MB values")
	read := rows(db, "select g, 'row ' || g, g * 1.5 from generate_series(1, 100000) g")
	show(len(read), read[99999])
	ok("100,000 rows")
}

func listening(address string) {
	listener := pq.NewListener(address, time.Second, time.Second, func(pq.ListenerEventType, error) {})
	check(listener.Listen("news"))
	db, err := sql.Open("postgres", address)
	check(err)
	_, err = db.Exec("select pg_notify($1, $2)", "news", "hello")
	check(err)
	select {
	case heard := <-listener.Notify:
		show(heard.Channel, heard.Extra)
	case <-time.After(10 * time.Second):
		show("nothing heard")
	}
	check(listener.UnlistenAll())
	check(listener.Close())
	check(db.Close())
	ok("LISTEN and NOTIFY")
}

func concurrent(db *sql.DB) {
	answers := make([]int, 16)
	var all sync.WaitGroup
	for index := range answers {
		all.Add(1)
		go func() {
			defer all.Done()
			check(db.QueryRow("select $1::int * 2", index).Scan(&answers[index]))
		}()
	}
	all.Wait()
	show(answers)
	ok("pool of 1, then 8")
	comment := os.Getenv("COMMENT")
	show(rows(db, "select $1::int /*traceparent='00-"+comment+"-01'*/", 7))
	show(rows(db, "/* "+comment+" */ select 8"))
	ok("changed trace comments")
}

func open(address string) *sql.DB {
	db, err := sql.Open("postgres", address)
	check(err)
	size, _ := strconv.Atoi(os.Getenv("POOL"))
	db.SetMaxOpenConns(max(size, 1))
	return db
}

func main() {
	address := "postgres://postgres@" + os.Getenv("ADDRESS") + "/postgres?sslmode=disable"
	db := open(address)
	types(db)
	statements(db)
	copying(db)
	cursors(db)
	large(db)
	concurrent(db)
	check(db.Close())
	// One flight instead of two, with binary parameters.
	other := open(address + "&binary_parameters=yes")
	show(rows(other, "select $1::int8 a, $2::text b, $3::float8 c, $4::bytea d", 5, "é", 0.1, []byte{0, 255}))
	check(other.Close())
	ok("pipelines and batches")
	listening(address)
}
