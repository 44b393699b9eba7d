package fairlead

import (
	"strings"
	"testing"
)

type item struct {
	Sku    string   `protobuf:"bytes,1,opt,name=sku,proto3" json:"sku,omitempty"`
	Number *int32   `protobuf:"varint,2,opt,name=number,proto3,oneof"`
	Tags   []string `protobuf:"bytes,3,rep,name=tags,proto3"`
}

type order struct {
	Item    *item             `protobuf:"bytes,1,opt,name=item,proto3"`
	Items   []*item           `protobuf:"bytes,2,rep,name=items,proto3"`
	ByName  map[string]*item  `protobuf:"bytes,3,rep,name=by_name,json=byName,proto3"`
	ByID    map[uint32]string `protobuf:"bytes,4,rep,name=by_id,proto3"`
	Paid    bool              `protobuf:"varint,5,opt,name=paid,proto3"`
	Price   float64           `protobuf:"fixed64,6,opt,name=price,proto3"`
	Raw     []byte            `protobuf:"bytes,7,opt,name=raw,proto3"`
	Choice  isChoice          `protobuf_oneof:"choice"`
	Comment string
	hidden  string
}

type isChoice interface{ isChoice() }

type choiceUser struct {
	User string `protobuf:"bytes,8,opt,name=user,proto3,oneof"`
}

func (*choiceUser) isChoice() {}

func TestFieldsOfMessages(t *testing.T) {
	number := int32(7)
	message := &order{
		Item:   &item{Sku: "a", Number: &number, Tags: []string{"x", "y"}},
		Items:  []*item{{Sku: "b"}, {Sku: "c"}},
		ByName: map[string]*item{"one": {Sku: "d"}}, ByID: map[uint32]string{3: "three"},
		Paid: true, Price: 2, Raw: []byte{'r', 0xe9}, Choice: &choiceUser{"u"}, Comment: "plain", hidden: "h",
	}
	for path, want := range map[string]string{
		"item.sku": "a", "item.number": "7", "item.tags": "x|y", "item.tags.1": "y", "items.1.sku": "c",
		"by_name.one.sku": "d", "by_id.3": "three", "paid": "true", "price": "2.0", "raw": "r\u00e9",
		"user": "u", "Comment": "plain", "items": "",
		"items.2.sku": "none", "items.-1.sku": "none", "item": "none", "nobody": "none", "hidden": "none",
		"item.sku.more": "none", "by_id.x": "none", "by_name.two": "none", "by_name": "none",
	} {
		one, several, known := fieldOf(message, path)
		got := one
		if several != nil {
			got = strings.Join(several, "|")
		}
		if !known {
			got = "none"
		}
		if got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
}

func TestFieldsThatAreNotSetAreEmpty(t *testing.T) {
	if one, _, known := fieldOf(&order{}, "item.sku"); one != "" || !known {
		t.Errorf("%q %v", one, known)
	}
	if one, _, known := fieldOf(&order{}, "item.number"); one != "0" || !known {
		t.Errorf("%q %v", one, known)
	}
	if _, _, known := fieldOf(nil, "item"); known {
		t.Error("a stream has no fields")
	}
}

func TestNumbersAreWrittenAsElsewhere(t *testing.T) {
	for number, want := range map[float64]string{
		0: "0.0", 2: "2.0", 0.25: "0.25", -1.5: "-1.5", 1e16: "1e+16", 1e15: "1000000000000000.0", 0.00001: "1e-05",
	} {
		if got := floating(number); got != want {
			t.Errorf("%v is written %s, not %s", number, got, want)
		}
	}
}
