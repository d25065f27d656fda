// What go-redis does that others do not: HELLO 3 first, CLIENT SETINFO and MAINT_NOTIFICATIONS in a
// pipeline, a pool of its own, scripts by EVALSHA and then EVAL, optimistic locking by WATCH.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var background = context.Background()

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
		if problem, is := one.(error); is {
			one = problem.Error()
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

// told gives a reply, or its error.
func told(value any, err error) any {
	if err != nil {
		return err.Error()
	}
	return value
}

func connect(protocol, database int) *redis.Client {
	size, _ := strconv.Atoi(os.Getenv("POOL"))
	return redis.NewClient(&redis.Options{
		Addr: os.Getenv("ADDRESS"), Protocol: protocol, DB: database, PoolSize: max(size, 1), MaxRetries: -1,
	})
}

func commands(r *redis.Client) {
	show(told(r.Set(background, "a", "x", 100*time.Second).Result()), told(r.Get(background, "a").Result()),
		told(r.Get(background, "nope").Result()))
	show(told(r.HSet(background, "h", "name", "ada", "n", 1).Result()), told(r.HGetAll(background, "h").Result()))
	show(told(r.Incr(background, "n").Result()), told(r.IncrByFloat(background, "f", 1.5).Result()))
	show(told(r.ZAdd(background, "z", redis.Z{Score: 1.5, Member: "m"}, redis.Z{Score: 2, Member: "k"}).Result()),
		told(r.ZRangeWithScores(background, "z", 0, -1).Result()), told(r.ZScore(background, "z", "m").Result()))
	show(told(r.MSet(background, "m:1", "a", "m:2", "b").Result()), told(r.MGet(background, "m:1", "m:2", "m:3").Result()))
	show(told(r.SAdd(background, "s", "one").Result()), told(r.SMembers(background, "s").Result()),
		told(r.SMIsMember(background, "s", "one", "two").Result()))
	show(told(r.XAdd(background, &redis.XAddArgs{Stream: "x", ID: "1-1", Values: []any{"k", "v"}}).Result()),
		told(r.XRange(background, "x", "-", "+").Result()),
		told(r.XReadStreams(background, "x", "0").Result()))
	var keys []string
	scan := r.Scan(background, 0, "m:*", 100).Iterator()
	for scan.Next(background) {
		keys = append(keys, scan.Val())
	}
	check(scan.Err())
	sort.Strings(keys)
	show(keys, told(r.Exists(background, "a", "nope").Result()), told(r.Type(background, "h").Result()))
	ok("commands")
	show(told(r.Set(background, "č 🐎", "žluť\r\n\x00", 0).Result()), told(r.Get(background, "č 🐎").Result()))
	bytes := string([]byte{0xfe, 13, 10, 0})
	check(r.Set(background, "\xff\x00", bytes, 0).Err())
	show(r.Get(background, "\xff\x00").Val() == bytes)
	ok("Unicode and bytes")
}

func together(r *redis.Client) {
	done, err := r.Pipelined(background, func(pipe redis.Pipeliner) error {
		pipe.LPush(background, "l", "a", "b")
		pipe.LRange(background, "l", 0, -1)
		pipe.Get(background, "l")
		pipe.Get(background, "a")
		return nil
	})
	show(len(done), fmt.Sprint(err))
	for _, one := range done {
		show(one.String())
	}
	ok("pipelines")
	done, err = r.TxPipelined(background, func(pipe redis.Pipeliner) error {
		pipe.Set(background, "t", 1, 0)
		pipe.Incr(background, "t")
		pipe.LPush(background, "t", "x")
		pipe.HGetAll(background, "h")
		return nil
	})
	show(len(done), fmt.Sprint(err))
	for _, one := range done {
		show(one.String())
	}
	ok("MULTI and EXEC")
	for _, meddled := range []bool{false, true} {
		err = r.Watch(background, func(tx *redis.Tx) error {
			value, err := tx.Get(background, "t").Int()
			check(err)
			if meddled {
				other := connect(3, 0)
				check(other.Set(background, "t", 50, 0).Err())
				check(other.Close())
			}
			_, err = tx.TxPipelined(background, func(pipe redis.Pipeliner) error {
				pipe.Set(background, "t", value+1, 0)
				return nil
			})
			return err
		}, "t")
		show(fmt.Sprint(err), errors.Is(err, redis.TxFailedErr), told(r.Get(background, "t").Result()))
	}
	ok("WATCH")
}

func scripts(r *redis.Client) {
	script := redis.NewScript("return {KEYS[1], ARGV[1] * 2, {1, 'x', false}}")
	show(told(script.Run(background, r, []string{"k"}, 4).Result()), told(script.Run(background, r, []string{"k"}, 5).Result()))
	show(told(r.EvalSha(background, strings.Repeat("0", 40), nil).Result()))
	show(told(r.Eval(background, "return redis.error_reply('MINE of my own')", nil).Result()))
	ok("scripts")
	show(told(r.LPush(background, "a", "x").Result()), told(r.Do(background, "NOSUCH", "a").Result()),
		told(r.Do(background, "SET", "a").Result()), told(r.Get(background, "a").Result()))
	ok("errors and recovery")
	other := connect(3, 0)
	popped := make(chan any)
	go func() { popped <- told(other.BLPop(background, 5*time.Second, "queue").Result()) }()
	show(told(r.RPush(background, "queue", "job").Result()))
	show(<-popped)
	show(told(other.BLPop(background, time.Second, "queue").Result()), told(other.BLMove(background, "l", "l2", "LEFT", "LEFT", time.Second).Result()))
	check(other.Close())
	ok("blocking commands")
}

func listening(r *redis.Client, protocol int) {
	listener := connect(protocol, 0)
	news := listener.Subscribe(background, "news", "other")
	check(news.PSubscribe(background, "n*"))
	for range 3 {
		heard, err := news.ReceiveTimeout(background, 10*time.Second)
		check(err)
		show(fmt.Sprint(heard))
	}
	for _, text := range []string{"first", "é"} {
		show(told(r.Publish(background, "news", text).Result()))
		for range 2 {
			heard, err := news.ReceiveTimeout(background, 10*time.Second)
			check(err)
			show(fmt.Sprint(heard))
		}
	}
	check(news.Unsubscribe(background))
	check(news.Close())
	check(listener.Close())
	ok("publish and subscribe")
}

func large(r *redis.Client) {
	text, bytes := strings.Repeat("é", 500000), strings.Repeat("\xfe", 1<<20+17)
	check(r.MSet(background, "big", text, "bytes", bytes).Err())
	show(r.Get(background, "big").Val() == text, r.Get(background, "bytes").Val() == bytes)
	ok("1 MB values")
}

func databases(protocol int) {
	three := connect(protocol, 3)
	show(told(three.Set(background, "d", "3", 0).Result()), told(three.Get(background, "d").Result()), told(three.Get(background, "a").Result()))
	check(three.Close())
	ok("several databases")
}

func pool(r *redis.Client) {
	answers := make([]string, 16)
	var all sync.WaitGroup
	for index := range answers {
		all.Add(1)
		go func() {
			defer all.Done()
			answers[index] = r.Get(background, fmt.Sprint("m:", index%2+1)).Val()
		}()
	}
	all.Wait()
	show(answers)
	ok("pool of 1, then 8")
}

func main() {
	for _, protocol := range []int{2, 3} {
		r := connect(protocol, 0)
		check(r.FlushAll(background).Err())
		commands(r)
		together(r)
		scripts(r)
		listening(r, protocol)
		large(r)
		databases(protocol)
		pool(r)
		check(r.Close())
	}
	ok("RESP3")
}
