package fairlead

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

type stateError string

func (e stateError) Error() string    { return string(e) }
func (e stateError) SQLState() string { return string(e) }

type codeError int

func (e codeError) Error() string { return "code" }
func (e codeError) Code() int     { return int(e) }

type structError struct{ Code int }

func (structError) Error() string { return "struct" }

type numberError struct{ Number uint16 }

func (*numberError) Error() string { return "number" }

func TestAServerIsAtFaultAndNotTheStatement(t *testing.T) {
	for _, one := range []struct {
		err    error
		fault  string
		failed bool
	}{
		{nil, "", false},
		{context.Canceled, faultCut, false},
		{context.DeadlineExceeded, faultTimeout, true},
		{errors.New("driver: bad connection"), "", true},
		{SQLBroken, "", true},
		{fmt.Errorf("x: %w", stateError("57P01")), "", true},
		{stateError("40001"), "", true},
		{stateError("42P01"), "", false},
		{stateError("23505"), "", false},
		{codeError(5 | 2<<8), "", true},
		{codeError(1), "", false},
		{structError{14}, "", true},
		{structError{19}, "", false},
		{&numberError{1213}, "", true},
		{&numberError{1062}, "", false},
		{errors.New("sql: expected 1 arguments, got 0"), "", false},
	} {
		if fault, failed := sqlFault(one.err); fault != one.fault || failed != one.failed {
			t.Errorf("%v: %q %v", one.err, fault, failed)
		}
	}
}

func TestAStatementIsCalledByKindAndTable(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT * FROM orders o JOIN x":         "sql:shop:SELECT orders",
		"insert into `orders` (a) values (1)":   "sql:shop:INSERT orders",
		"UPDATE orders SET a = 'from x'":        "sql:shop:UPDATE orders",
		"DELETE FROM only_one WHERE a IN (1)":   "sql:shop:DELETE only_one",
		"SELECT * FROM (SELECT 1 FROM \"a\") x": "sql:shop:SELECT a",
		"COMMIT":                                "sql:shop:COMMIT",
		"":                                      "sql:shop:other",
	} {
		if got := sqlShapeOf("shop", text).name; got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got := sqlShapeOf("shop", " SELECT\n1 ").resource; got != "sql:shop:SELECT 1" {
		t.Error(got)
	}
}
