// What a Go program sees of time: prints the wall clock and how long a wait took.
package main

import (
	"fmt"
	"time"
)

func main() {
	begin := time.Now()
	time.Sleep(200 * time.Millisecond)
	waited := float64(time.Since(begin).Microseconds()) / 1000
	fmt.Printf("{\"walls\": {\"time.Now\": %d}, \"waits\": {\"Sleep\": %f}}\n", time.Now().Unix(), waited)
}
