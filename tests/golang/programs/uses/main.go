// This program says what files of ours use of the package that they join, and that Go promises to
// nobody: names of its own that begin with a small letter. `uses OVERLAY PACKAGE`, a line each:
// the file, a tab, and the name with its type, as fairlead.golang.needs writes it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	ImportMap               map[string]string
}

var overlay struct{ Replace map[string]string }

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &overlay))
	packages := list(os.Args[1], os.Args[2])
	found := packages[os.Args[2]]
	fset, files := token.NewFileSet(), []*ast.File{}
	for _, name := range found.GoFiles {
		path := filepath.Join(found.Dir, name)
		text, err := os.ReadFile(actual(path))
		check(err)
		file, err := parser.ParseFile(fset, path, text, 0)
		check(err)
		files = append(files, file)
	}
	exports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if mapped, ok := found.ImportMap[path]; ok {
			path = mapped
		}
		return os.Open(packages[path].Export)
	})
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: exports, FakeImportC: true}
	p, err := config.Check(found.ImportPath, fset, files, info)
	check(err)
	for _, line := range uses(fset, p, info, owners(files, info)) {
		fmt.Println(line)
	}
}

func list(overlay, name string) map[string]listed {
	command := exec.Command("go", "list", "-deps", "-export", "-json", "-overlay="+overlay, name)
	command.Stderr = os.Stderr
	out, err := command.Output()
	check(err)
	packages := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var one listed
		check(decoder.Decode(&one))
		packages[one.ImportPath] = one
	}
	return packages
}

func actual(path string) string {
	if by, ok := overlay.Replace[path]; ok {
		return by
	}
	return path
}

func uses(fset *token.FileSet, p *types.Package, info *types.Info, owners map[types.Object]string) []string {
	found := map[string]bool{}
	for ident, object := range info.Uses {
		file := filepath.Base(fset.Position(ident.Pos()).Filename)
		if !strings.HasPrefix(file, "fairlead") || object.Pkg() != p || object.Exported() {
			continue
		}
		at := filepath.Base(fset.Position(object.Pos()).Filename)
		if strings.HasPrefix(at, "fairlead") || strings.HasPrefix(object.Name(), "fairlead") {
			continue
		}
		found[file+"\t"+described(p, object, owners)] = true
	}
	lines := []string{}
	for line := range found {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return lines
}

// owners says of the fields of structs whose they are, as declared.
func owners(files []*ast.File, info *types.Info) map[types.Object]string {
	found := map[types.Object]string{}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch spec := node.(type) {
			case *ast.TypeSpec:
				own(spec.Type, spec.Name.Name, found, info)
			case *ast.ValueSpec:
				own(spec.Type, spec.Names[0].Name, found, info)
			}
			return true
		})
	}
	return found
}

func own(kind ast.Expr, owner string, found map[types.Object]string, info *types.Info) {
	if of, ok := kind.(*ast.StructType); ok {
		for _, field := range of.Fields.List {
			for _, name := range field.Names {
				found[info.Defs[name]] = owner
			}
		}
	}
}

func described(p *types.Package, object types.Object, owners map[types.Object]string) string {
	short := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Name()
	}
	switch one := object.(type) {
	case *types.Func:
		signature := one.Type().(*types.Signature)
		receiver := ""
		if signature.Recv() != nil {
			receiver = "(" + types.TypeString(signature.Recv().Type(), short) + ") "
		}
		bare := types.NewSignatureType(nil, nil, nil, nameless(signature.Params()), nameless(signature.Results()), signature.Variadic())
		text := strings.TrimPrefix(types.TypeString(bare, short), "func")
		return "func " + receiver + one.Name() + text
	case *types.TypeName:
		return "type " + one.Name()
	case *types.Var:
		if one.IsField() {
			return owners[one] + "." + one.Name() + " " + types.TypeString(one.Type(), short)
		}
		return "var " + one.Name()
	}
	return "const " + object.Name()
}

func nameless(tuple *types.Tuple) *types.Tuple {
	bare := []*types.Var{}
	for i := 0; i < tuple.Len(); i++ {
		bare = append(bare, types.NewParam(0, nil, "", tuple.At(i).Type()))
	}
	return types.NewTuple(bare...)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
