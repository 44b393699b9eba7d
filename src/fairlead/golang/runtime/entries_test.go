package fairlead

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"sort"
	"strings"
	"testing"
)

// bare are functions that hooks call and that do without: why is beside them.
var bare = map[string]string{
	"Begin":             "its parts recover",
	"Request.End":       "its parts recover",
	"Broken":            "is what recovers",
	"flatMaySendBeside": "its parts recover",
	"flatFault":         "is what recovers",
	"Ends":              "keeps a function",
	"flatHook":          "is asked while packages are initialized",
	"flatRouter":        "is asked while packages are initialized",
	"flatName":          "reads a name",
	"flatOn":            "reads a word",
	"flatUnconnected":   "writes a line",
	"OnFor":             "reads a word",
	"On":                "reads a word",
	"Routing":           "reads what Begin has written",
	"Serving":           "reads what Begin has written",
	"Lane":              "reads what Begin has written",
	"Request.Value":     "reads what Begin has written",
	"Request.Wants":     "reads what Begin has written",
	"Request.Context":   "reads what Begin has written",
	"Serves":            "serves recovers",
	"Stops":             "stops recovers",
	"SQLHooked":         "sets a flag",
	"SQLShadows":        "reads a flag",
	"SQLShadowed":       "reads what Begin has written",
	"SQLConn.Freed":     "sets flags",
	"SQLConn.Ended":     "sets flags",
	"SQLPool.Twin":      "copies what is known",
}

// errorMethods and streams belong to interfaces of the standard library.
var errorMethods = map[string]bool{"Error": true, "Is": true, "Unwrap": true, "Timeout": true, "Temporary": true,
	"String": true, "Read": true}

// TestEntriesRecover holds every function that hooks call to keeping a panic of ours from the
// application.
func TestEntriesRecover(t *testing.T) {
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, ".", func(info fs.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	recovers := map[string]bool{"recover": true}
	var functions []*ast.FuncDecl
	for _, file := range packages["fairlead"].Files {
		for _, one := range file.Decls {
			if found, ok := one.(*ast.FuncDecl); ok && found.Body != nil {
				functions = append(functions, found)
				if calls(found.Body, map[string]bool{"recover": true}) {
					recovers[found.Name.Name] = true
				}
			}
		}
	}
	var without []string
	for _, one := range functions {
		name := one.Name.Name
		entry := ast.IsExported(name) && !errorMethods[name] || strings.HasPrefix(name, "flat")
		if one.Recv != nil {
			name = receiver(one) + "." + name
		}
		if entry && bare[name] == "" && !defers(one.Body, recovers) {
			without = append(without, name)
		}
	}
	sort.Strings(without)
	if len(without) > 0 {
		t.Errorf("no recover of their own: %s", strings.Join(without, ", "))
	}
}

func receiver(of *ast.FuncDecl) string {
	kind, name := of.Recv.List[0].Type, ""
	ast.Inspect(kind, func(one ast.Node) bool { // the first name is the type's, what it is made with follows
		if found, ok := one.(*ast.Ident); ok && name == "" {
			name = found.Name
		}
		return true
	})
	return name
}

// defers tells whether a function defers what recovers.
func defers(body *ast.BlockStmt, recovers map[string]bool) (found bool) {
	for _, statement := range body.List {
		if one, ok := statement.(*ast.DeferStmt); ok {
			found = found || calls(one, recovers)
		}
	}
	return found
}

func calls(node ast.Node, names map[string]bool) (found bool) {
	ast.Inspect(node, func(one ast.Node) bool {
		if call, ok := one.(*ast.CallExpr); ok {
			switch of := call.Fun.(type) {
			case *ast.Ident:
				found = found || names[of.Name]
			case *ast.SelectorExpr:
				found = found || names[of.Sel.Name]
			}
		}
		return true
	})
	return found
}
