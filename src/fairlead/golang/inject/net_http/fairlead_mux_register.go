package http

import fairlead "index"

func (mux *ServeMux) registerErr(pattern string, handler Handler) error {
	err := mux.fairleadRegisterErr(pattern, handler)
	if err == nil {
		fairlead.Registered(pattern)
	}
	return err
}
