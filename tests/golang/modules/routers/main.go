// Four routers, each with something around its handlers that says so in a header; or one of
// them.
package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
)

func around(name string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("X-Around", name)
			h.ServeHTTP(w, r)
		})
	}
}

func handled(w http.ResponseWriter, r *http.Request) { w.Write([]byte("handled")) }

func ginRoutes() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	routes := gin.New()
	routes.Use(func(c *gin.Context) {
		c.Header("X-Around", "all")
		c.Next()
	})
	routes.GET("/users/:id", func(c *gin.Context) { c.String(200, "handled") })
	routes.GET("/files/*rest", func(c *gin.Context) { c.String(200, "handled") })
	routes.GET("/again/:id", func(c *gin.Context) {
		c.Request.URL.Path = "/users/" + c.Param("id")
		routes.HandleContext(c)
	})
	return routes
}

func chiRoutes() http.Handler {
	routes := chi.NewRouter()
	routes.Use(around("all"))
	routes.Route("/users", func(r chi.Router) {
		r.Use(around("some"))
		r.Get("/{id:[0-9]+}", handled)
	})
	routes.Get("/files/*", handled)
	return routes
}

func echoRoutes() http.Handler {
	routes := echo.New()
	routes.Use(echo.WrapMiddleware(around("all")))
	routes.GET("/users/:id", func(c echo.Context) error { return c.String(200, "handled") })
	routes.GET("/files/*", func(c echo.Context) error { return c.String(200, "handled") })
	return routes
}

func muxRoutes() http.Handler {
	routes := mux.NewRouter()
	routes.Use(around("all"))
	users := routes.PathPrefix("/users").Subrouter()
	users.Use(around("some"))
	users.HandleFunc("/{id:[0-9]+}", handled)
	routes.HandleFunc("/files/{rest:.*}", handled)
	return routes
}

func main() {
	addresses := map[string]string{}
	for name, handler := range map[string]http.Handler{
		"gin": ginRoutes(), "chi": chiRoutes(), "echo": echoRoutes(), "mux": muxRoutes(),
	} {
		if len(os.Args) > 1 && os.Args[1] != name {
			continue
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		addresses[name] = listener.Addr().String()
		go http.Serve(listener, handler)
	}
	json.NewEncoder(os.Stdout).Encode(addresses)
	select {}
}
