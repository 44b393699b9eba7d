module fairlead.test/protocols

go 1.21

require (
	github.com/coder/websocket v1.8.12
	github.com/go-resty/resty/v2 v2.10.0
	github.com/gorilla/websocket v1.4.2
	golang.org/x/net v0.17.0
)

require golang.org/x/text v0.13.0 // indirect
