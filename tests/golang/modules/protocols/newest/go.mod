module fairlead.test/protocols

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/go-resty/resty/v2 v2.17.2
	github.com/gorilla/websocket v1.5.3
	golang.org/x/net v0.62.0
)

require golang.org/x/text v0.43.0 // indirect
