package fixed

import (
	"errors"
	"strconv"
)

// Parse reads a number such as 12, -0.25 or +.5: digits with at most one point
// and at most one sign, no exponent. It is for constants and for levels in
// files. The result is the nearest, halves away from zero, however many digits
// there are. An error quotes the text when it is something else or beyond Min
// and Max.
func Parse(text string) (Num, error) {
	rest, neg := text, false
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest, neg = rest[1:], rest[0] == '-'
	}
	var whole uint64
	var behind [33]byte // digits: a half step has 33, so that what comes then never decides
	digits, point := 0, -1
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '.' && point < 0:
			point = digits
			continue
		case c < '0' || c > '9':
			return 0, errors.New("fixed: " + strconv.Quote(text) + " is not a number")
		case point < 0:
			whole = min(whole*10+uint64(c-'0'), 1<<32)
		case digits-point < len(behind):
			behind[digits-point] = c - '0'
		}
		digits++
	}
	if digits == 0 {
		return 0, errors.New("fixed: " + strconv.Quote(text) + " is not a number")
	}
	var halves uint64 // of steps: each doubling of the digits carries one bit out
	for range 33 {
		carry := byte(0)
		for i := len(behind) - 1; i >= 0; i-- {
			d := behind[i]*2 + carry
			behind[i], carry = d%10, d/10
		}
		halves = halves<<1 | uint64(carry)
	}
	n := whole<<32 + (halves+1)>>1
	if whole == 1<<32 || n > 1<<63 || n == 1<<63 && !neg {
		return 0, errors.New("fixed: " + strconv.Quote(text) + " is not between Min and Max")
	}
	return signed(n, neg), nil
}

// MustParse is Parse for texts in the program itself: it panics where Parse
// gives an error.
func MustParse(text string) Num {
	n, err := Parse(text)
	if err != nil {
		panic(err.Error())
	}
	return n
}

// String is a in decimals: the shortest text, of at most ten digits behind the
// point, that Parse reads as a again. So two numbers that differ look
// different.
func (a Num) String() string {
	part := magnitude(a) & (1<<32 - 1)
	n, unit := 0, uint64(1) // 10ⁿ
	for ; n < 10; n++ {
		short := (part*unit + 1<<31) >> 32
		if (short<<32+unit/2)/unit == part {
			break
		}
		unit *= 10
	}
	return a.Text(n)
}

// Text is a with so many digits behind the point, 0 to 32, rounded to nearest,
// halves away from zero. With 32 it is exact.
func (a Num) Text(decimals int) string {
	whole, part := magnitude(a)>>32, magnitude(a)&(1<<32-1)
	var behind [32]byte
	n := min(max(decimals, 0), len(behind))
	for i := range n {
		part *= 10
		behind[i] = byte('0' + part>>32)
		part &= 1<<32 - 1
	}
	up := part >= 1<<31
	for i := n - 1; up && i >= 0; i-- {
		if up = behind[i] == '9'; up {
			behind[i] = '0'
		} else {
			behind[i]++
		}
	}
	if up {
		whole++
	}
	text := make([]byte, 0, 48)
	if a < 0 {
		text = append(text, '-')
	}
	text = strconv.AppendUint(text, whole, 10)
	if n > 0 {
		text = append(append(text, '.'), behind[:n]...)
	}
	return string(text)
}

// MarshalText is String, so that a Num in JSON is a text that can be read.
func (a Num) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is Parse.
func (a *Num) UnmarshalText(text []byte) (err error) {
	n, err := Parse(string(text))
	if err == nil {
		*a = n
	}
	return err
}

// String is (x, y).
func (v Vec) String() string { return "(" + v.X.String() + ", " + v.Y.String() + ")" }
