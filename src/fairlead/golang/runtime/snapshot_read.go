package fairlead

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Snapshots are read strictly, by the shape of what they are read into (fairlead.policy.encode): a
// part of a wrong type is an error with its path, a field that this version does not know is
// reported and left out.

// jsonReads is what reads itself, where its shape says too little.
type jsonReads interface {
	readJSON(value any, path string, r *jsonReading) error
}

// jsonUsual is what has other values than Go's where a field is missing.
type jsonUsual interface{ usual() }

// jsonReading is one reading of a part of a snapshot.
type jsonReading struct{ refused []string }

func (r *jsonReading) refuse(text string) { r.refused = append(r.refused, text) }

// readJSON reads a value into what `into` points to. A pointer takes null for nothing, an array its
// number of elements; fields are named by their tags, and ",required" has to be there.
func (r *jsonReading) readJSON(value any, into any, path string) error {
	return r.read(value, reflect.ValueOf(into).Elem(), path)
}

func (r *jsonReading) read(value any, to reflect.Value, path string) error {
	if reads, ok := to.Addr().Interface().(jsonReads); ok {
		return reads.readJSON(value, path, r)
	}
	switch to.Kind() {
	case reflect.Pointer:
		if value == nil {
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return r.read(value, to.Elem(), path)
	case reflect.Struct:
		return r.object(value, to, path)
	case reflect.Slice, reflect.Array:
		return r.list(value, to, path)
	case reflect.Interface:
		to.Set(reflect.ValueOf(&value).Elem())
		return nil
	}
	return r.scalar(value, to, path)
}

func (r *jsonReading) object(value any, to reflect.Value, path string) error {
	object, ok := value.(*jsonObject)
	if !ok {
		return jsonExpected("dict", value, path)
	}
	if usual, ok := to.Addr().Interface().(jsonUsual); ok {
		usual.usual()
	}
	fields := jsonFieldsOf(to.Type())
	for _, key := range object.keys {
		where := key
		if path != "" {
			where = path + "." + key
		}
		field, known := fields.index[key]
		if !known {
			r.refuse(where + ": unknown to this version")
			continue
		}
		if err := r.read(object.values[key], to.FieldByIndex(field), where); err != nil {
			return err
		}
	}
	for _, name := range fields.required {
		if _, there := object.values[name]; !there {
			return fmt.Errorf("%s: %s is missing", jsonWhere(path), name)
		}
	}
	return nil
}

func (r *jsonReading) list(value any, to reflect.Value, path string) error {
	list, ok := value.([]any)
	if !ok {
		return jsonExpected("list", value, path)
	}
	if to.Kind() == reflect.Array {
		if len(list) != to.Len() {
			return fmt.Errorf("%s: expected %d items, got %d", path, to.Len(), len(list))
		}
	} else {
		to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
	}
	for i, one := range list {
		if err := r.read(one, to.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

func (r *jsonReading) scalar(value any, to reflect.Value, path string) error {
	number, isNumber := value.(jsonNumber)
	switch to.Kind() {
	case reflect.String:
		if text, ok := value.(string); ok {
			to.SetString(text)
			return nil
		}
		return jsonExpected("str", value, path)
	case reflect.Bool:
		if yes, ok := value.(bool); ok {
			to.SetBool(yes)
			return nil
		}
		return jsonExpected("bool", value, path)
	case reflect.Int, reflect.Int64:
		if whole, err := strconv.ParseInt(string(number), 10, 64); isNumber && err == nil {
			to.SetInt(whole)
			return nil
		}
		return jsonExpected("int", value, path)
	case reflect.Float64:
		if part, err := strconv.ParseFloat(string(number), 64); isNumber && err == nil {
			to.SetFloat(part)
			return nil
		}
		return jsonExpected("float", value, path)
	}
	return fmt.Errorf("%s: nothing is read into a %s", jsonWhere(path), to.Kind())
}

func jsonWhere(path string) string {
	if path == "" {
		return "snapshot"
	}
	return path
}

func jsonExpected(kind string, value any, path string) error {
	got := "null"
	switch v := value.(type) {
	case bool:
		got = "bool"
	case string:
		got = "str"
	case []any:
		got = "list"
	case *jsonObject:
		got = "dict"
	case jsonNumber:
		got = "int"
		if strings.ContainsAny(string(v), ".eE") {
			got = "float"
		}
	}
	return fmt.Errorf("%s: expected %s, got %s", jsonWhere(path), kind, got)
}

type jsonFields struct {
	index    map[string][]int // places, as reflect has them
	required []string
}

var jsonFieldsKnown sync.Map

func jsonFieldsOf(kind reflect.Type) *jsonFields {
	if known, ok := jsonFieldsKnown.Load(kind); ok {
		return known.(*jsonFields)
	}
	found := &jsonFields{index: map[string][]int{}}
	for _, field := range reflect.VisibleFields(kind) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		found.index[name] = field.Index
		if options == "required" {
			found.required = append(found.required, name)
		}
	}
	jsonFieldsKnown.Store(kind, found)
	return found
}
