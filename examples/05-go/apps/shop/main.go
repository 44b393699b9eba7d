// The shop of ../../../02-flow-governance, with gin.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	port := flag.Int("port", 8003, "where to listen")
	flag.Parse()

	gin.SetMode(gin.ReleaseMode)
	log.Fatal(routes().Run(fmt.Sprintf("127.0.0.1:%d", *port)))
}

func routes() *gin.Engine {
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/hello", func(c *gin.Context) { c.JSON(http.StatusOK, "hello") })
	router.GET("/slow", func(c *gin.Context) {
		time.Sleep(1500 * time.Millisecond)
		c.JSON(http.StatusOK, "slow")
	})
	router.GET("/burn", func(c *gin.Context) {
		for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
		}
		c.JSON(http.StatusOK, "burnt")
	})
	router.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, "well") })
	router.GET("/items/:sku", func(c *gin.Context) { c.JSON(http.StatusOK, c.Param("sku")) })

	var condition atomic.Value
	condition.Store("well")
	router.GET("/stock", func(c *gin.Context) {
		switch condition.Load() {
		case "down":
			c.JSON(http.StatusServiceUnavailable, "no database")
			return
		case "slow":
			time.Sleep(600 * time.Millisecond)
		}
		c.JSON(http.StatusOK, "7 left")
	})
	router.POST("/condition/:condition", func(c *gin.Context) {
		condition.Store(c.Param("condition"))
		c.JSON(http.StatusOK, c.Param("condition"))
	})
	return router
}
