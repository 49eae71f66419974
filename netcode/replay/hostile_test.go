package replay_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

// small is a file in which every kind of thing is there, and its rows.
func small(t testing.TB) ([]byte, []netcode.Row) {
	var file bytes.Buffer
	tm := netcode.Terms{Players: 3, Seed: 5, Build: "b", Setup: []byte("s"), Rate: 8}
	m := newMatch(t, &file, tm, replay.Options{Hashes: 4, Keyframes: 10})
	held := uint64(0x30)
	m.play(24, func(f netcode.Frame, in []netcode.Input) {
		held += uint64(f) << 8 % 1000
		in[0].Bits = held
		in[1].Bits = uint64(f/9) << 60
		in[2].Absent = f > 5
		if f%7 == 3 {
			in[1].Command = []byte("go")
			in[0].Command = []byte{0}
		}
	})
	m.close()
	return file.Bytes(), m.kept
}

// prefix reads all rows and checks that they are the first of those.
func prefix(t *testing.T, r *replay.Reader, rows []netcode.Row) (n int) {
	t.Helper()
	var row netcode.Row
	for {
		ok, err := r.Next(&row)
		if !ok {
			if err != r.Damage() {
				t.Fatalf("after %d rows: %v, and damage is %v", n, err, r.Damage())
			}
			return n
		}
		if n == len(rows) {
			t.Fatalf("more than %d rows", n)
		}
		if d := same(&row, &rows[n]); d != "" {
			t.Fatal(d)
		}
		n++
	}
}

func TestCutOffAnywhere(t *testing.T) {
	file, rows := small(t)
	found, most := 0, 0
	for n := range file {
		r, err := replay.NewReader(bytes.NewReader(file[:n]), int64(n))
		if err != nil {
			var bad *replay.FormatError
			if !errors.As(err, &bad) || bad.Offset > int64(n) || n > 100 {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		got := prefix(t, r, rows)
		if got < most || r.Closed() {
			t.Fatalf("%d bytes: %d rows after %d, closed %v", n, got, most, r.Closed())
		}
		most = got
		if r.Damage() == nil { // whole blocks, as after a crash
			found++
		} else if !strings.Contains(r.Damage().Error(), "is cut off after") && !strings.Contains(r.Damage().Error(), "are wanted") {
			t.Fatalf("%d bytes: %v", n, r.Damage())
		}
	}
	if found != 6 || most != len(rows) { // before each of five blocks, and before the end
		t.Errorf("%d whole beginnings, %d rows of %d", found, most, len(rows))
	}
	// A reader that is told of more bytes than there are.
	r, err := replay.NewReader(bytes.NewReader(file[:len(file)-30]), int64(len(file)))
	if err != nil || r.Damage() == nil || !strings.Contains(r.Damage().Error(), "is cut off after") {
		t.Errorf("%v, %v", err, r.Damage())
	}
}

func TestEveryFlippedBitIsSeen(t *testing.T) {
	file, rows := small(t)
	for i := range file {
		for bit := range 8 {
			b := bytes.Clone(file)
			b[i] ^= 1 << bit
			r, err := replay.NewReader(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				if r.Damage() == nil {
					t.Fatalf("byte %d, bit %d: not seen", i, bit)
				}
				prefix(t, r, rows)
				err = r.Damage()
			}
			var bad *replay.FormatError
			if !errors.As(err, &bad) || bad.Offset > int64(i) && !strings.Contains(err.Error(), "length") || !strings.HasPrefix(err.Error(), "replay: at byte ") {
				t.Fatalf("byte %d, bit %d: %v", i, bit, err)
			}
		}
	}
}

// seal makes every checksum right, as far as blocks can be found.
func seal(file []byte) []byte {
	b := bytes.Clone(file)
	for at := len(replay.Magic) + 1; at < len(b); {
		length, n := binary.Uvarint(b[min(at+1, len(b)):])
		if n <= 0 || length > uint64(len(b)) || at+1+n+int(length)+4 > len(b) {
			break
		}
		end := at + 1 + n + int(length)
		binary.LittleEndian.PutUint32(b[end:], crc32.Checksum(b[at:end], crc32.MakeTable(crc32.Castagnoli)))
		at = end + 4
	}
	return b
}

func block(kind byte, payload ...byte) []byte {
	b := append(binary.AppendUvarint([]byte{kind}, uint64(len(payload))), payload...)
	return append(b, 0, 0, 0, 0)
}

func file(blocks ...[]byte) []byte {
	b := append([]byte(replay.Magic), replay.Version)
	return seal(append(b, bytes.Join(blocks, nil)...))
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Files whose checksums are right and that are wrong all the same.
func TestHostileFiles(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	two := block('T', cat([]byte{2, 60, 0}, zeros(24), []byte{0, 0})...) // terms of two players
	good := block('R', 1, 1, 0, 0, 0)
	big := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"empty":                    {nil, `at byte 0: file begins with "", must be "PBREPLAY"`},
		"something else":           {[]byte("PBDESYNC and more"), `at byte 0: file begins with "PBDESYNC"`},
		"another version":          {[]byte("PBREPLAY\x09"), "at byte 8: version is 9, must be 1"},
		"no terms":                 {file(), "at byte 9: 1 bytes are wanted"},
		"rows first":               {file(good), "block of kind 'R', must be 'T'"},
		"no players":               {file(block('T', 0)), "Players is 0, must be 1 to 8"},
		"nine players":             {file(block('T', 9)), "Players is 9, must be 1 to 8"},
		"short terms":              {file(block('T', 2, 60)), "1 bytes are wanted, the block has 0 more"},
		"long terms":               {file(block('T', cat([]byte{2, 60, 0}, zeros(24), []byte{0, 0, 7})...)), "1 bytes are left over"},
		"rate":                     {file(block('T', 2, 0xe9, 7)), "Rate is 1001, must be 0 to 1000"},
		"timeout":                  {file(block('T', cat([]byte{2, 0}, big(1<<16+1))...)), "Timeout is 65537, must be 0 to 65536"},
		"build":                    {file(block('T', cat([]byte{2, 60, 0}, zeros(24), big(129))...)), "length of Build is 129, must be 0 to 128"},
		"setup":                    {file(block('T', cat([]byte{2, 60, 0}, zeros(24), []byte{0}, big(1<<16+1))...)), "length of Setup is 65537, must be 0 to 65536"},
		"setup that is not there":  {file(block('T', cat([]byte{2, 60, 0}, zeros(24), []byte{0}, big(1<<16))...)), "65536 bytes are wanted"},
		"huge terms":               {file(cat([]byte{'T'}, big(1<<20))), "length of the block is 1048576, must be 0 to 66048"},
		"huge block":               {file(two, cat([]byte{'R'}, big(1<<27))), "length of the block is 134217728, must be 0 to"},
		"a number without end":     {file(two, []byte{'R', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "number is longer than it must be"},
		"a number in more bytes":   {file(two, block('R', 0x81, 0)), "number is longer than it must be"},
		"an unknown block":         {file(two, block('X')), "block of kind 'X', must be 'R' or 'E'"},
		"terms again":              {file(two, two), "block of kind 'T', must be 'R' or 'E'"},
		"an empty block":           {file(two, block('R')), "1 bytes are wanted, the block has 0 more"},
		"begins with frame 2":      {file(two, block('R', 2, 0, 0, 0, 0)), "first frame is 2 without a State, must be 1"},
		"a gap":                    {file(two, good, block('R', 4, 0, 0, 0, 0)), "first frame of the block is 4, must be 3"},
		"twice":                    {file(two, good, good), "first frame of the block is 1, must be 3"},
		"the last frame there is":  {file(two, block('R', cat(big(1<<31-2), []byte{0, 1, 0, 0, 0})...)), "first frame is 2147483646, must be less than"},
		"a frame beyond all":       {file(two, block('R', cat(big(1<<31), []byte{0, 1, 0, 0, 0})...)), "number is longer than it must be, or 2147483648 and more"},
		"flags":                    {file(two, block('R', 1, 0, 16, 0, 0)), "flags are 0x10, must be less than 0x10"},
		"too few seats":            {file(two, block('R', 1, 0, 0, 0)), "1 bytes are wanted"},
		"too many seats":           {file(two, block('R', 1, 0, 0, 0, 0, 0)), "1 bytes are left over"},
		"a token of nothing":       {file(two, block('R', 1, 0, 0, 1, 0, 0)), "token tells 0 zeros and 0 other bytes, must be 1 to 1 together"},
		"a token of too much":      {file(two, block('R', 1, 0, 0, 1, 0x11, 5, 0)), "token tells 1 zeros and 1 other bytes, must be 1 to 1 together"},
		"a token of far too much":  {file(two, block('R', cat([]byte{1, 0, 0, 1, 0xff}, big(1<<31-1), big(1<<31-1))...)), "token tells 2147483662 zeros"},
		"a seat that is not there": {file(two, block('R', 1, 0, 2, 0x01, 4, 0, 0)), "seats 0x04 are absent, but there are only 2"},
		"a hash of no row":         {file(two, block('R', cat([]byte{1, 0, 4, 0, 0, 0, 1}, zeros(8))...)), "row 1 of the block, must be 0 to 0"},
		"two hashes of a row":      {file(two, block('R', cat([]byte{1, 1, 4, 0, 0, 1, 0}, zeros(8), []byte{0}, zeros(8))...)), "row 0 of the block, must be 1 to 1"},
		"no Commands":              {file(two, block('R', 1, 0, 8, 0, 0, 0)), "number of Commands is 0, must be 1 to 2048"},
		"a Command of nobody":      {file(two, block('R', 1, 0, 8, 0, 0, 1, 0, 2, 0, 9)), "Command of row 0, player 2 is out of order, or the player is not there"},
		"a Command of player 48":   {file(two, block('R', 1, 0, 8, 0, 0, 1, 0, 48, 0, 9)), "Command of row 0, player 48 is out of order"},
		"Commands out of order":    {file(two, block('R', 1, 0, 8, 0, 0, 2, 0, 1, 0, 9, 0, 0, 0, 9)), "is out of order"},
		"two Commands of one":      {file(two, block('R', 1, 0, 8, 0, 0, 2, 0, 1, 0, 9, 0, 1, 0, 9)), "is out of order"},
		"a Command of no row":      {file(two, block('R', 1, 0, 8, 0, 0, 1, 1, 0, 0, 9)), "row 1 of the block, must be 0 to 0"},
		"a Command cut off":        {file(two, block('R', 1, 0, 8, 0, 0, 1, 0, 0, 5, 9)), "6 bytes are wanted, the block has 1 more"},
		"a huge State":             {file(two, block('R', cat([]byte{1, 0, 1}, big(replay.MaxState+1))...)), "length of State is 16777217, must be 0 to 16777216"},
		"a State cut off":          {file(two, block('R', cat([]byte{1, 0, 1}, big(1000), []byte{0x0f, 50, 1, 2, 3})...)), "65 bytes are wanted, the block has 3 more"},
		"an early end":             {file(two, good, block('E', 2)), "number of the last frame, plus one, is 2, must be 3 to 3"},
		"a long end":               {file(two, good, block('E', 3, 0)), "1 bytes are left over"},
		"more after the end":       {file(two, good, block('E', 3), block('R', 3, 0, 0, 0, 0)), "block after the end"},
	} {
		r, err := replay.NewReader(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil {
			err = r.Damage()
		}
		var bad *replay.FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.says) || bad.Offset > int64(len(c.file)) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	r := open(t, file(two, good, block('E', 3))) // the bricks are sound
	if r.Damage() != nil || !r.Closed() || r.Last() != 2 {
		t.Errorf("%v, closed %v, %d", r.Damage(), r.Closed(), r.Last())
	}
}

// A few bytes can't make a reader take much memory.
func TestReaderTakesLittleMemory(t *testing.T) {
	two := block('T', append([]byte{2, 60, 0}, make([]byte, 26)...)...)
	state := cat([]byte{1, 0, 1}, binary.AppendUvarint(nil, replay.MaxState), []byte{0xf0}, binary.AppendUvarint(nil, replay.MaxState-15), []byte{0, 0})
	for name, c := range map[string]struct {
		file  []byte
		limit uint64
	}{
		"a long block":  {file(two, cat([]byte{'R'}, binary.AppendUvarint(nil, replay.MaxState))), 200 << 10},
		"a large State": {file(two, block('R', state...)), replay.MaxState + 200<<10},
		"twice":         {file(two, block('R', state...), block('R', append([]byte{2}, state[1:]...)...)), replay.MaxState + 200<<10},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := replay.NewReader(bytes.NewReader(c.file), int64(len(c.file)))
		runtime.ReadMemStats(&after)
		if err != nil || (name == "a long block") == (r.Damage() == nil) {
			t.Fatalf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > c.limit {
			t.Errorf("%s: %d bytes of file made %d bytes of memory, must be at most %d", name, len(c.file), n, c.limit)
		}
	}
}

// broken is a disk that fails after some bytes.
type broken struct {
	b []byte
	n int64
}

var errBroken = errors.New("the disk is broken")

func (d broken) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > d.n {
		return 0, errBroken
	}
	return bytes.NewReader(d.b).ReadAt(b, off)
}

// A disk that fails is no damage of the file.
func TestReaderTellsOfABrokenDisk(t *testing.T) {
	b, _ := small(t)
	for n := range int64(len(b)) {
		if _, err := replay.NewReader(broken{b, n}, int64(len(b))); !errors.Is(err, errBroken) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

// changing is a file that is changed while it is read.
type changing struct{ b []byte }

func (c *changing) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(c.b).ReadAt(b, off)
}

func TestFileThatChanges(t *testing.T) {
	b, rows := small(t)
	c := &changing{b}
	r, err := replay.NewReader(c, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var row netcode.Row
	for range 5 {
		if ok, err := r.Next(&row); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	c.b = bytes.Clone(b)
	clear(c.b[len(b)/2:])
	for err = error(nil); err == nil; {
		_, err = r.Next(&row)
	}
	if _, again := r.Next(&row); again == nil || !strings.Contains(err.Error(), "replay: at byte ") {
		t.Errorf("%v, then %v", err, again)
	}
	// A block of other frames, and of more, in the place of one.
	two := block('T', append([]byte{2, 60, 0}, make([]byte, 26)...)...)
	c2 := &changing{file(two, block('R', 1, 1, 0, 0, 0), block('R', 3, 1, 0, 0, 0))}
	r2, err := replay.NewReader(c2, int64(len(c2.b)))
	if err != nil || r2.Last() != 4 {
		t.Fatal(err, r2.Last())
	}
	r2.Next(&row)
	r2.Next(&row)
	c2.b = file(two, block('R', 1, 1, 0, 0, 0), block('R', 1, 3, 0, 0, 0))
	for range 2 {
		if ok, err := r2.Next(&row); ok || err == nil || !strings.Contains(err.Error(), "first frame of the block is 1, and was 3 before") {
			t.Fatalf("%v, %v, frame %d", ok, err, row.Frame)
		}
	}
	c.b = b
	if err := r.Seek(0); err != nil {
		t.Fatal(err)
	}
	if n := prefix(t, r, rows); n != len(rows) {
		t.Errorf("%d rows of %d", n, len(rows))
	}
}

// FuzzReader reads bytes as a file, as they are and with the right checksums.
// Nothing panics, what is accepted keeps within the limits, can be sought
// everywhere, and comes out the same when it is written again.
func FuzzReader(f *testing.F) {
	whole, _ := small(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(file(block('T', append([]byte{8, 0, 0}, make([]byte, 26)...)...), block('R', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		for _, b := range [][]byte{b, seal(b)} {
			r, err := replay.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			var again bytes.Buffer
			w, err := replay.NewWriter(&again, r.Terms(), replay.Options{Hashes: 1})
			if err != nil {
				t.Fatal(err)
			}
			var row netcode.Row
			var rows []netcode.Row
			size := 0
			for {
				ok, err := r.Next(&row)
				if !ok {
					if err != r.Damage() {
						t.Fatalf("%v, and damage is %v", err, r.Damage())
					}
					break
				}
				if err := w.Record(&row); err != nil {
					t.Fatal(err)
				}
				if size += len(row.State); size < 1<<20 && len(rows) < 2000 {
					rows = append(rows, copied(&row))
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r2 := open(t, again.Bytes())
			for i := range rows {
				if ok, err := r2.Next(&row); !ok || err != nil {
					t.Fatal(ok, err)
				}
				if d := same(&row, &rows[i]); d != "" {
					t.Fatal(d)
				}
			}
			for i := range min(len(rows), 20) {
				want := rows[i*len(rows)/min(len(rows), 20)].Frame
				if err := r.Seek(want); err != nil {
					t.Fatal(err)
				}
				for ok, err := r.Next(&row); row.Frame != want; ok, err = r.Next(&row) {
					if !ok || err != nil {
						t.Fatal(ok, err)
					}
				}
			}
		}
	})
}

func copied(row *netcode.Row) netcode.Row {
	c := *row
	c.Inputs = append([]netcode.Input(nil), row.Inputs...)
	for p := range c.Inputs {
		c.Inputs[p].Command = bytes.Clone(c.Inputs[p].Command)
	}
	c.State = bytes.Clone(row.State)
	return c
}
