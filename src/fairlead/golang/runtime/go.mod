module fairlead/runtime

go 1.21
