package fairlead

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

// A message of gRPC is a pointer to a structure that protoc-gen-go has made, as the hook cannot say
// more of it: its fields have their names in tags.

const (
	deepestField = 16 // fields within fields that are looked into
	mostElements = 64 // elements that are looked at
)

// fieldOf returns the field of a message at a path with dots, as text or, of one that repeats, as
// several. What repeats is a list, of which a number takes one element; of a map, a key one value
// (fairlead.instruments.rpc.field_of).
func fieldOf(message any, path string) (one string, several []string, known bool) {
	if message == nil {
		return "", nil, false
	}
	value := reflect.ValueOf(message)
	for depth := 0; path != "" && depth < deepestField; depth++ {
		var part string
		part, path, _ = strings.Cut(path, ".")
		if value = partOf(value, part); !value.IsValid() {
			return "", nil, false
		}
	}
	value = valueAt(value)
	if value.Kind() == reflect.Slice && value.Type().Elem().Kind() != reflect.Uint8 {
		several = []string{}
		for i := 0; i < value.Len() && i < mostElements; i++ {
			if text, ok := scalar(valueAt(value.Index(i))); ok {
				several = append(several, text)
			}
		}
		return "", several, true
	}
	one, known = scalar(value)
	return one, nil, known
}

// valueAt follows pointers; what is not set has the value of nothing, as in other languages.
func valueAt(value reflect.Value) reflect.Value {
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		switch {
		case !value.IsNil():
			value = value.Elem()
		case value.Kind() == reflect.Pointer:
			value = reflect.Zero(value.Type().Elem())
		default:
			return reflect.Value{}
		}
	}
	return value
}

func partOf(value reflect.Value, part string) reflect.Value {
	value = valueAt(value)
	switch value.Kind() {
	case reflect.Struct:
		return member(value, part)
	case reflect.Slice:
		number, err := strconv.Atoi(part)
		if err == nil && number >= 0 && part[0] != '+' && number < value.Len() {
			return value.Index(number)
		}
	case reflect.Map:
		return inMap(value, part)
	}
	return reflect.Value{}
}

// member returns the field of a structure that has this name, which is in its tag, or in that of the
// one member of a choice (oneof).
func member(structure reflect.Value, name string) reflect.Value {
	type_ := structure.Type()
	for i := 0; i < type_.NumField(); i++ {
		field := type_.Field(i)
		tag, tagged := field.Tag.Lookup("protobuf")
		if tagged && tagName(tag) == name || !tagged && field.IsExported() && field.Name == name {
			return structure.Field(i)
		}
		if _, choice := field.Tag.Lookup("protobuf_oneof"); choice && !structure.Field(i).IsNil() {
			chosen := valueAt(structure.Field(i))
			if chosen.Kind() == reflect.Struct {
				if found := member(chosen, name); found.IsValid() {
					return found
				}
			}
		}
	}
	return reflect.Value{}
}

// tagName returns the name in a tag as protoc-gen-go writes it: bytes,1,opt,name=sku,json=…
func tagName(tag string) string {
	for tag != "" {
		var part string
		part, tag, _ = strings.Cut(tag, ",")
		if name := strings.TrimPrefix(part, "name="); name != part {
			return name
		}
	}
	return ""
}

// inMap returns the value of a key, which may be a number.
func inMap(value reflect.Value, part string) reflect.Value {
	key := reflect.New(value.Type().Key()).Elem()
	switch {
	case key.Kind() == reflect.String:
		key.SetString(part)
	case key.CanInt():
		number, err := strconv.ParseInt(part, 10, 64)
		if err != nil || key.OverflowInt(number) {
			return reflect.Value{}
		}
		key.SetInt(number)
	case key.CanUint():
		number, err := strconv.ParseUint(part, 10, 64)
		if err != nil || key.OverflowUint(number) {
			return reflect.Value{}
		}
		key.SetUint(number)
	default:
		return reflect.Value{}
	}
	return value.MapIndex(key)
}

// scalar returns a value as text; false for what has parts.
func scalar(value reflect.Value) (string, bool) {
	switch {
	case !value.IsValid():
		return "", false
	case value.Kind() == reflect.String:
		return value.String(), true
	case value.Kind() == reflect.Bool:
		return strconv.FormatBool(value.Bool()), true
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10), true
	case value.CanUint():
		return strconv.FormatUint(value.Uint(), 10), true
	case value.CanFloat():
		return floating(value.Float()), true
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8:
		return latin(string(value.Bytes())), true
	}
	return "", false
}

// floating writes a number as Python does: 2.0, 0.25, 1e+16.
func floating(number float64) string {
	switch size := math.Abs(number); {
	case math.IsNaN(number):
		return "nan"
	case math.IsInf(number, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(number, 'f', -1, 64), "+"))
	case size != 0 && (size < 1e-4 || size >= 1e16):
		return strconv.FormatFloat(number, 'e', -1, 64)
	}
	text := strconv.FormatFloat(number, 'f', -1, 64)
	if strings.IndexByte(text, '.') < 0 {
		text += ".0"
	}
	return text
}
