package fixed

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	unit := new(big.Int).Lsh(big.NewInt(1), 32)
	r := Rand(5)
	check := func(a Num) {
		exact := new(big.Rat).SetFrac(big.NewInt(int64(a)), unit)
		n := r.Intn(33)
		if got, want := a.Text(n), exact.FloatString(n); got != want {
			t.Fatalf("%d in %d digits is %s, want %s", a, n, got, want)
		}
		text := a.String()
		if back, err := Parse(text); back != a || err != nil {
			t.Fatalf("%d is %s, and that is %d, %v", a, text, back, err)
		}
		if whole, part, _ := strings.Cut(text, "."); len(part) > 10 {
			t.Fatalf("%s has many digits", text)
		} else if len(part) > 0 { // no shorter one is as good
			short := a.Text(len(part) - 1)
			if back, _ := Parse(short); back == a {
				t.Fatalf("%s would do for %s", short, text)
			}
		} else if whole != a.Text(0) {
			t.Fatalf("%d is %s", a, text)
		}
	}
	each(few(30_000), func(a, b Num) { check(a); check(b) })
	for range few(30_000) { // numbers of few digits
		check(Ratio(r.Range(-1_000_000, 1_000_000), 10_000))
	}
	for a, want := range map[Num]string{0: "0", One: "1", -Half: "-0.5", 1: "0.0000000002", -1: "-0.0000000002", One - 1: "0.9999999998",
		Ratio(1, 3): "0.3333333333", Ratio(1, 10): "0.1", Min: "-2147483648", Max: "2147483647.9999999998"} {
		if got := a.String(); got != want {
			t.Errorf("%d is %s, want %s", a, got, want)
		}
	}
	if got := (Vec{Half, -One}).String(); got != "(0.5, -1)" {
		t.Errorf("a Vec is %s", got)
	}
	if One.Text(-1) != "1" || len(Max.Text(99)) != 10+1+32 {
		t.Error("Text keeps no limits")
	}
}

func TestParse(t *testing.T) {
	unit := new(big.Int).Lsh(big.NewInt(1), 32)
	r := Rand(6)
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.Intn(10))
		}
		return string(b)
	}
	check := func(text string) {
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		exact.Mul(exact, new(big.Rat).SetInt(unit))
		want := nearest(exact.Num(), exact.Denom())
		got, err := Parse(text)
		if err == nil && got != want {
			t.Fatalf("%s is %d, want %d", text, got, want)
		}
		if err != nil && want != Min && want != Max {
			t.Fatalf("%s gives %v", text, err)
		}
	}
	for range few(20_000) {
		text := digits(1 + r.Intn(11))
		if r.Chance(3, 4) {
			text += "." + digits(1+r.Intn(45))
		}
		if r.Chance(1, 2) {
			text = "-" + text
		}
		check(text)
	}
	for range few(20_000) { // halves of steps, and what is next to them
		a := Num(r.Uint64()>>1) >> r.Intn(63)
		half := new(big.Rat).SetFrac(new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(a)), 1), big.NewInt(1)), new(big.Int).Lsh(unit, 1)).FloatString(33)
		check(half)
		check("-" + half)
		check(half + "000000001")
		below := []byte(half)
		below[len(below)-1]--
		check(string(below) + "999999999")
	}
	for text, want := range map[string]Num{"1.25": One * 5 / 4, "+.5": Half, "5.": 5 * One, "-0": 0, "-2147483648": Min, "00000000000001": One,
		"2147483647.9999999998": Max, "0." + strings.Repeat("0", 500) + "1": 0} {
		if got, err := Parse(text); got != want || err != nil {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "not a number", ".": "not a number", "-": "not a number", "1.2.3": "not a number", "1e3": "not a number", " 1": "not a number",
		"--1": "not a number", "1/3": "not a number", "٣": "not a number", "0x10": "not a number", "1_000": "not a number", "NaN": "not a number",
		"2147483648": "not between", "-2147483648.1": "not between", "2147483647.9999999999": "not between", "99999999999999999999999999": "not between",
	} {
		if got, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), "fixed: ") || !strings.Contains(err.Error(), want) || got != 0 {
			t.Errorf("%q is %v, %v, want an error with %q", text, got, err, want)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("MustParse takes anything")
			}
		}()
		MustParse("one")
	}()
	if MustParse("-1.5") != -3*Half {
		t.Error("MustParse")
	}
}

func TestJSON(t *testing.T) {
	in := struct {
		At   Vec
		Mass Num
	}{Vec{Half, -One}, Ratio(1, 3)}
	text, err := json.Marshal(in)
	if want := `{"At":{"X":"0.5","Y":"-1"},"Mass":"0.3333333333"}`; string(text) != want || err != nil {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	out := in
	out.Mass, out.At = 0, Vec{}
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("%v, %v, want %v", out, err, in)
	}
	if err := json.Unmarshal([]byte(`{"Mass":"much"}`), &out); err == nil || out != in {
		t.Errorf("%v, %v", out, err)
	}
}
