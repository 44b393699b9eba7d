package fairlead

import "testing"

func TestWhatAStatementDoesIsToldFromHowItBegins(t *testing.T) {
	for text, want := range map[string]sqlEffect{
		"SELECT 1":                         {plain: true},
		" /* x */ -- y\n(select 1)":        {plain: true},
		"insert into a values (';')":       {writes: true, plain: true},
		"INSERT INTO a VALUES (1);":        {writes: true, plain: true},
		"DELETE FROM a; SELECT 1":          {writes: true, state: true},
		"DELETE FROM a WHERE x = 'it''s;'": {writes: true, plain: true},
		"COMMIT":                           {ends: true},
		"ROLLBACK":                         {ends: true},
		"ROLLBACK TO a":                    {plain: true},
		"BEGIN":                            {begins: true},
		"BEGIN NOT ATOMIC DELETE FROM a":   {writes: true, state: true},
		"USE other":                        {sets: true, state: true},
		"SET x = 1":                        {sets: true, state: true},
		"SET STATEMENT x = 1 FOR DELETE":   {sets: true, state: true, writes: true},
		"SET ROLE admin":                   {sets: true, state: true, parts: true},
		"CREATE TEMPORARY TABLE a (b int)": {writes: true, state: true, parts: true},
		"/*! USE other */":                 {writes: true, state: true},
		"CALL f()":                         {writes: true, state: true},
		"":                                 {writes: true, state: true},
	} {
		if got := effectOf(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestAShadowDatabaseIsNotLeft(t *testing.T) {
	mysql, sqlite := wayOut(mysqlDialect, []string{"shop", "or.ders"}), wayOut(sqliteDialect, []string{"shop"})
	for text, want := range map[string]bool{
		"SELECT * FROM shop.orders":            true,
		"SELECT * FROM `shop` . orders":        true,
		"SELECT * FROM SHOP/**/.orders":        true,
		"SELECT * FROM `or.ders`.x":            true,
		"USE shop":                             true,
		"use `shop`":                           true,
		"DROP DATABASE IF EXISTS shop":         true,
		"PREPARE s FROM 'x'":                   true,
		"SELECT * FROM orders":                 false,
		"SELECT * FROM workshop.orders":        false,
		"SELECT 'shop.orders'":                 false,
		`SELECT 'a\'', shop.x, '' FROM shop.x`: true,
		"SELECT shop FROM orders":              false,
	} {
		if got := leadsOut(mysql, text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !leadsOut(sqlite, "ATTACH 'shop.db' AS x") || leadsOut(sqlite, "SELECT 1") || wayOut(postgresDialect, []string{"shop"}) != nil {
		t.Error("SQLite's are files that are attached; PostgreSQL's cannot be reached")
	}
}
