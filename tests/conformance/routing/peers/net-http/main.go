// A program that calls by HTTP, as it is told a line at a time: see ../http_caller.py.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

type told struct {
	URL, Method, Body string
	Headers           [][2]string
	Deadline          float64
}

type answer struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

func once(client *http.Client, one told) answer {
	failed := answer{Headers: [][2]string{}}
	request, err := http.NewRequest(one.Method, one.URL, strings.NewReader(one.Body))
	if err != nil {
		return failed
	}
	for _, pair := range one.Headers {
		request.Header.Add(pair[0], pair[1])
	}
	client.Timeout = time.Duration(one.Deadline * float64(time.Second))
	response, err := client.Do(request)
	if err != nil {
		failed.Body = err.Error()
		var slow net.Error
		if errors.As(err, &slow) && slow.Timeout() {
			failed.Status = http.StatusGatewayTimeout // as from a proxy
		}
		return failed
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	found := answer{response.StatusCode, [][2]string{}, string(body)}
	for name, values := range response.Header {
		for _, value := range values {
			found.Headers = append(found.Headers, [2]string{name, value})
		}
	}
	return found
}

func main() {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var one told
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		if err := out.Encode(once(client, one)); err != nil {
			panic(err)
		}
	}
}
