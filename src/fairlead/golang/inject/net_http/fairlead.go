package http

import (
	fairlead "index"
	"io"
)

// What all hooks of this package share: one may be left out, and the others are not.

const fairleadPath = "net/http"

func fairleadReject(rw ResponseWriter, rejection *fairlead.Rejection) {
	header := rw.Header()
	for _, pair := range rejection.Header {
		header.Del(pair[0])
	}
	for _, pair := range rejection.Header {
		header.Add(pair[0], pair[1])
	}
	rw.WriteHeader(rejection.Status)
	io.WriteString(rw, rejection.Body)
}
