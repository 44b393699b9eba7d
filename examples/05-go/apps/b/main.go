// B answers with its version and with what C says, which it asks by gRPC, or by HTTP where it is
// given a URL; or with a number, after a while.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.org/chain/chain"
)

type ask func(ctx context.Context) (string, error)

func byGRPC(target string) ask {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	c := chain.NewCClient(connection)
	return func(ctx context.Context) (string, error) {
		reply, err := c.Answer(ctx, &chain.Question{})
		return reply.GetChain(), err
	}
}

func byHTTP(url string) ask {
	return func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("C answers %s: %s", response.Status, body)
		}
		return string(body), err
	}
}

func main() {
	port := flag.Int("port", 8002, "where to listen")
	c := flag.String("c", "c:9090", "where C is: a target of gRPC, or a URL")
	flag.Parse()

	below := byGRPC
	if strings.HasPrefix(*c, "http") {
		below = byHTTP
	}
	serve(fmt.Sprintf("127.0.0.1:%d", *port), routes("B"+os.Getenv("VERSION"), below(*c)))
}

func routes(name string, below ask) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.LoggerWithFormatter(func(p gin.LogFormatterParams) string {
		return fmt.Sprintf("%q %d\n", p.Method+" "+p.Path+" "+p.Request.Proto, p.StatusCode)
	}))
	router.Use(gin.Recovery())
	router.GET("/b", func(c *gin.Context) {
		text, err := below(c.Request.Context())
		if err != nil {
			c.String(http.StatusBadGateway, err.Error())
			return
		}
		c.String(http.StatusOK, name+"→"+text)
	})
	router.GET("/b/wait", func(c *gin.Context) {
		number := c.Query("number")
		if seconds, err := strconv.ParseFloat(c.Query("seconds"), 64); err == nil {
			log.Printf("%s waits %g s for %s", name, seconds, number)
			time.Sleep(time.Duration(seconds * float64(time.Second)))
		}
		c.String(http.StatusOK, name+" "+number)
	})
	return router
}

// serve ends on SIGTERM, once what was under way is answered.
func serve(address string, handler http.Handler) {
	server := &http.Server{Addr: address, Handler: handler}
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-stopped.Done()
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(patience); err != nil {
			log.Print(err)
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended
}
