package fairlead

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
)

// What a server says of its catalogue, asked on the application's own connections.

// answersTo asks queries on a connection.
func answersTo(queries []string, ask SQLAsk) ([]sqlAnswer, error) {
	answers, size := make([]sqlAnswer, 0, len(queries)), 0
	for _, query := range queries {
		rows, err := ask(query)
		if err != nil {
			return nil, err
		}
		plain := make([][]any, len(rows))
		for i, row := range rows {
			plain[i] = make([]any, len(row))
			for j, cell := range row {
				value, length := plainCell(cell)
				plain[i][j] = value
				size += length + 4
			}
		}
		if size > largestCatalog {
			return nil, fmt.Errorf("fairlead: what the server says of its catalogue is more than %d MiB", largestCatalog>>20)
		}
		answers = append(answers, sqlAnswer{query, plain})
	}
	return answers, nil
}

// plainCell returns a cell of a driver's as it is told: names come as text or as bytes.
func plainCell(cell any) (any, int) {
	switch v := cell.(type) {
	case nil, bool:
		return v, 4
	case int64, float64:
		return v, 8
	case string:
		return strings.ToValidUTF8(v, "\uFFFD"), len(v)
	case []byte:
		return strings.ToValidUTF8(string(v), "\uFFFD"), len(v)
	}
	text := fmt.Sprint(cell)
	return text, len(text)
}

// readAgain asks the catalogue anew, where nobody else has meanwhile; verdicts are forgotten if it says
// something else.
func (s *sqlServer) readAgain(ask SQLAsk) error {
	catalog, _ := s.now()
	_, err := s.read(catalog.queries, ask)
	return err
}

// read returns what the catalogue answers to queries: what was answered lately, or what it says now.
func (s *sqlServer) read(queries []string, ask SQLAsk) (sqlCatalog, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if catalog, _ := s.now(); clock() < catalog.until && sameNames(queries, catalog.queries) {
		return catalog, nil
	}
	answers, err := answersTo(queries, ask)
	if err != nil {
		return sqlCatalog{}, err
	}
	said, err := json.Marshal(answers)
	if err != nil {
		return sqlCatalog{}, err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	fresh := sqlCatalog{queries: queries, answers: answers, sum: sha256.Sum256(said)}
	if fresh.sum == s.catalog.sum {
		fresh.digest = s.catalog.digest
	} else {
		s.known, s.bytes = map[string]sqlVerdict{}, 0
		s.version++
	}
	fresh.until = clock() + int64(catalogLife)
	s.catalog = fresh
	return fresh, nil
}

// inOrder returns names, each once, in one order: what is asked is the same however it was asked for.
func inOrder(names []string) []string {
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	return sortedNames(seen)
}

func sameNames(one, other []string) bool {
	if len(one) != len(other) {
		return false
	}
	for i := range one {
		if one[i] != other[i] {
			return false
		}
	}
	return true
}
