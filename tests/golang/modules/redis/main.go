// Commands to a server of Redis, by two versions of a client: redis HOW...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	_ "net/http" // with it the agent comes into a program
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	eight "github.com/go-redis/redis/v8"
	nine "github.com/redis/go-redis/v9"
)

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// broken is a value that panics where a client wants its bytes.
type broken struct{}

func (broken) MarshalBinary() ([]byte, error) { panic("broken") }

func panics(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panicked")
		}
	}()
	return do()
}

func main() {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	server.Set("key", "value")
	_, port, _ := net.SplitHostPort(server.Addr())
	address := net.JoinHostPort("localhost", port)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	old, current := eight.NewClient(&eight.Options{Addr: address}), nine.NewClient(&nine.Options{Addr: address})
	var said []string
	for _, how := range os.Args[1:] {
		var err error
		switch how {
		case "8":
			err = old.Get(ctx, "key").Err()
		case "9":
			err = current.Get(ctx, "key").Err()
		case "panics":
			err = panics(func() error { return current.Set(ctx, "key", broken{}, 0).Err() })
		case "none":
			err = current.Get(ctx, "nobody").Err()
		case "many":
			_, err = current.Pipelined(ctx, func(p nine.Pipeliner) error {
				p.Get(ctx, "key")
				p.Get(ctx, "key")
				return nil
			})
		}
		said = append(said, text(err))
	}
	json.NewEncoder(os.Stdout).Encode(said)
}
