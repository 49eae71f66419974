package protocol

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Every message of testdata/messages.json is read as it says there: written
// again it is "again", or the same text, or it is refused with "error". Other
// implementations can be held to that file, and to exchanges.json, which the
// tests of server and client run.
func TestMessages(t *testing.T) {
	text, err := os.ReadFile("testdata/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Text, Again, Error string
		Same                     bool
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 30 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		m, err := Decode([]byte(c.Text))
		if c.Same {
			c.Again = c.Text
		}
		switch {
		case c.Error != "":
			if err == nil || !strings.Contains(err.Error(), c.Error) {
				t.Errorf("%s: error %v, want one with %q", c.Name, err, c.Error)
			}
		case err != nil:
			t.Errorf("%s: %v", c.Name, err)
		case string(Encode(m)) != c.Again:
			t.Errorf("%s: %s, want %s", c.Name, Encode(m), c.Again)
		}
	}
}
