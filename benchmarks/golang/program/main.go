// A server and a client of net/http in one process, that measure themselves.
//
// For each line "case number" of standard input that many requests are made, one after the other,
// and a line "nanoseconds allocations bytes", of CPU and each for one request, is printed.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"syscall"
)

var request = []byte("GET /work HTTP/1.1\r\nHost: bench\r\nX-User: alice\r\n\r\n")

const body = "hello, who asks\n"

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	http.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) })
	go func() { log.Fatal(http.Serve(listener, nil)) }()

	address := listener.Addr().String()
	cases := map[string]func(int){
		"server": bare(address),
		"both":   client("http://" + address + "/work"),
	}
	for _, run := range cases {
		run(2000)
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var name string
		var number int
		_, err := fmt.Sscan(lines.Text(), &name, &number)
		check(err)
		measure(cases[name], number)
	}
}

func measure(run func(int), number int) {
	var before, after runtime.MemStats
	run(200)
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := spent()
	run(number)
	elapsed := spent() - began
	runtime.ReadMemStats(&after)
	each := func(total uint64) float64 { return float64(total) / float64(number) }
	fmt.Println(each(uint64(elapsed)), each(after.Mallocs-before.Mallocs), each(after.TotalAlloc-before.TotalAlloc))
}

// spent returns the nanoseconds of CPU that all threads have used: those of others do not count.
func spent() int64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return used.Utime.Nano() + used.Stime.Nano()
}

// atOnce is how many requests are sent before their answers are read.
const atOnce = 50

// bare sends bytes and reads as many as answers have, so that the server is what is measured.
func bare(address string) func(int) {
	connection, err := net.Dial("tcp", address)
	check(err)
	requests, answers := bytes.Repeat(request, atOnce), make([]byte, atOnce*length(connection))
	return func(number int) {
		for i := 0; i < number; i += atOnce {
			_, err := connection.Write(requests)
			check(err)
			_, err = io.ReadFull(connection, answers)
			check(err)
		}
	}
}

// length returns how many bytes an answer has. Its date does not change that.
func length(connection net.Conn) int {
	_, err := connection.Write(request)
	check(err)
	answer, buffer := 0, make([]byte, 4096)
	for {
		n, err := connection.Read(buffer)
		check(err)
		answer += n
		if string(buffer[n-len(body):n]) == body {
			return answer
		}
	}
}

func client(url string) func(int) {
	return func(number int) {
		for i := 0; i < number; i++ {
			response, err := http.Get(url)
			check(err)
			_, err = io.Copy(io.Discard, response.Body)
			check(err)
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				log.Fatal(response.Status)
			}
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
