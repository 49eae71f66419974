package protocol

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// Both ways to read and to write a message must agree, on anything.
func FuzzShort(f *testing.F) {
	for _, s := range []string{
		`{"kind":"signal","seq":12,"ack":3,"to":2,"payload":"AAEC"}`, `{"kind":"signal","to":65536}`, `{"kind":"signal","seq":012}`,
		`{"kind":"ping"}`, `{"kind":"ping","ack":18446744073709551615}`, `{"kind":"ping","seq":}`, `{"kind":"pong","ack":0}`, `{"kind":"left","from":1}`,
		`{"kind":"signal","payload":""}`, `{"kind":"signal","payload":"AA\nEC"}`, "{\"kind\":\"signal\",\"payload\":\"AA\nEC\"}", `{"kind":"signal","payload":"AAE="}`,
		`{"kind":"leave"} `, `{"kind":"leave"}}`, `{"kind":"leave"`, `{"kind":"state","ready":true}`, `{"kind":"signal","to":1.5}`, `{"kind":"signal","to":-1}`,
		`{"kind":"signal","seq":1,"seq":2}`, `{"kind":"signal","payload":"` + strings.Repeat("AAAA", MaxPayload/3+1) + `"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, pass Message
		if passed := pass.decodeShort(b, true); passed {
			var slow Message
			if err := json.Unmarshal(b, &slow); err != nil {
				t.Fatalf("%q: was read to be passed on, but: %v", b, err)
			}
			slow.From = 7
			on := pass.Pass(7)
			on.Kind, on.Seq, on.Ack = pass.Kind, pass.Seq, pass.Ack
			var heard Message
			if err := heard.Decode(Append(nil, &on)); err != nil || !bytes.Equal(heard.Payload, slow.Payload) || heard.From != 7 || heard.To != slow.To {
				t.Fatalf("%q: passed on as %s, which is %+v, %v", b, Append(nil, &on), heard, err)
			}
		}
		if !m.decodeShort(b, false) {
			return
		}
		var slow Message
		if err := json.Unmarshal(b, &slow); err != nil {
			t.Fatalf("%q: was read, but: %v", b, err)
		}
		if len(m.Payload)+len(slow.Payload) == 0 {
			m.Payload, slow.Payload = nil, nil // An empty one may be nil.
		}
		if !reflect.DeepEqual(m, slow) {
			t.Fatalf("%q: %+v, want %+v", b, m, slow)
		}
		if !m.short() {
			t.Fatalf("%q: was read, but is not written", b)
		}
		if want, _ := json.Marshal(m); string(appendShort(nil, &m)) != string(want) {
			t.Fatalf("%+v is %s, want %s", m, appendShort(nil, &m), want)
		}
	})
}

// A message with any other field is not short, a field that comes later too.
func TestOnlyShortOnesAreShort(t *testing.T) {
	for _, k := range []Kind{Signal, Ping, Pong, Left, Leave} {
		m := Message{Kind: k, Seq: 1, Ack: 2, To: 3, From: 4, Payload: []byte{5}}
		want, _ := json.Marshal(m)
		if got := Encode(m); string(got) != string(want) || !m.short() {
			t.Errorf("%s, want %s", got, want)
		}
		if !new(Message).decodeShort(want, false) {
			t.Errorf("%s takes the long way", want)
		}
		v := reflect.ValueOf(&m).Elem()
		for i := range v.NumField() {
			field, name := v.Field(i), v.Type().Field(i).Name
			if !field.IsZero() || !field.CanSet() {
				continue
			}
			switch field.Kind() {
			case reflect.Bool:
				field.SetBool(true)
			case reflect.String:
				field.SetString("x")
			case reflect.Int:
				field.SetInt(1)
			case reflect.Uint16, reflect.Uint64:
				field.SetUint(1)
			case reflect.Slice:
				field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			case reflect.Map:
				field.Set(reflect.MakeMap(field.Type()))
				field.SetMapIndex(reflect.ValueOf("x"), reflect.ValueOf(1))
			case reflect.Pointer:
				field.Set(reflect.New(field.Type().Elem()))
			default:
				t.Fatalf("%s is a %s: set it here", name, field.Kind())
			}
			if m.short() {
				t.Errorf("a %s with %s is written without it", k, name)
			}
			field.SetZero()
		}
	}
}

// What is passed on is what was said, also by the long way.
func TestPass(t *testing.T) {
	said := Message{Kind: Signal, Seq: 1, To: 2, Payload: []byte("payload")}
	for _, text := range [][]byte{Encode(said), []byte(`{"to":2,"payload":"cGF5bG9hZA==","kind":"signal","seq":1}`)} {
		var m Message
		if err := m.DecodeToPass(text); err != nil {
			t.Fatal(err)
		}
		on := m.Pass(1)
		for range 2 {
			heard, err := Decode(Encode(on))
			if err != nil || string(heard.Payload) != "payload" || heard.From != 1 || heard.To != 2 || on.Weight() < 128+7 {
				t.Errorf("%s: %+v, %v", text, heard, err)
			}
			on.Text = "so it is long"
		}
	}
	for _, bad := range []string{"A", "AA=A", "A===", "AAAA\nAAA", "AAA!", "====", "AAAAA==="} {
		if err := new(Message).DecodeToPass([]byte(`{"kind":"signal","payload":"` + bad + `"}`)); err == nil {
			t.Errorf("%q is no base64", bad)
		}
	}
}

func BenchmarkSignal(b *testing.B) {
	text := Encode(Message{Kind: Signal, Seq: 1, To: 2, Payload: make([]byte, 900)})
	out := make([]byte, 0, 2048)
	for b.Loop() {
		var m Message
		if err := m.DecodeToPass(text); err != nil {
			b.Fatal(err)
		}
		out = Append(out[:0], &m)
	}
}
