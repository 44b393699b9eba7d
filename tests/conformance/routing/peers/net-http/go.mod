module fairlead/peers/net-http

go 1.21
