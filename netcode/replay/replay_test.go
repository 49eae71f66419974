package replay_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
	"github.com/punchback/punchback/netcode/simnet"
)

// sums is a game that depends on every input that it ever got.
type sums struct {
	seats [netcode.MaxPlayers]uint64
	frame uint64
	wrong uint64 // the frame whose step goes wrong
	moody *int   // a step reads it and changes it
}

func (g *sums) Step(in []netcode.Input) {
	g.frame++
	for p := range in {
		h := g.seats[p]*0x9e3779b97f4a7c15 + in[p].Bits
		for _, c := range in[p].Command {
			h = h*31 + uint64(c) + 1
		}
		if in[p].Absent {
			h += 99
		}
		g.seats[p] = h ^ h>>29
	}
	if g.frame == g.wrong {
		g.seats[3]++
		if g.moody != nil {
			*g.moody++
			g.seats[3] += uint64(*g.moody)
		}
	}
}

func (g *sums) Save(dst []byte) []byte {
	for _, h := range g.seats {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	return binary.LittleEndian.AppendUint64(dst, g.frame)
}

func (g *sums) Load(src []byte) {
	for p := range g.seats {
		g.seats[p] = binary.LittleEndian.Uint64(src[8*p:])
	}
	g.frame = binary.LittleEndian.Uint64(src[64:])
}

func (g *sums) Fields() iter.Seq[netcode.Field] {
	return func(yield func(netcode.Field) bool) {
		for i := range 8 {
			if !yield(netcode.Field{Path: fmt.Sprintf("seats[%d]", i), Offset: 8 * i, Size: 8, Kind: netcode.Uint}) {
				return
			}
		}
		yield(netcode.Field{Path: "frame", Offset: 64, Size: 8, Kind: netcode.Uint})
	}
}

func newSums(netcode.Terms) netcode.Game { return &sums{} }

var terms = netcode.Terms{Players: 4, Nonce: [16]byte{1, 2, 3}, Seed: 77, Setup: []byte("level 3"), Build: "sums 1", Rate: 60, Timeout: 300}

// match makes rows from a script, as a session would, and gives them to a writer.
type match struct {
	t     testing.TB
	w     *replay.Writer
	g     netcode.Game
	frame netcode.Frame
	row   netcode.Row
	state []byte
	kept  []netcode.Row // copies
	keep  bool
}

func newMatch(t testing.TB, out *bytes.Buffer, terms netcode.Terms, o replay.Options) *match {
	t.Helper()
	w, err := replay.NewWriter(out, terms, o)
	if err != nil {
		t.Fatal(err)
	}
	return &match{t: t, w: w, g: newSums(terms), frame: -1, row: netcode.Row{Inputs: make([]netcode.Input, terms.Players)}, keep: true}
}

// play records n frames.
func (m *match) play(n int, script func(f netcode.Frame, in []netcode.Input)) {
	m.t.Helper()
	for range n {
		m.frame++
		clear(m.row.Inputs)
		if m.frame > 0 {
			script(m.frame, m.row.Inputs)
			m.g.Step(m.row.Inputs)
		}
		m.state = m.g.Save(m.state[:0])
		m.row.Frame, m.row.Hash, m.row.State = m.frame, netcode.HashState(m.state), nil
		if m.w.Wants(m.frame) {
			m.row.State = m.state
		} else if m.frame == 0 {
			continue
		}
		if err := m.w.Record(&m.row); err != nil {
			m.t.Fatal(err)
		}
		if m.keep {
			m.kept = append(m.kept, copied(&m.row))
		}
	}
}

func (m *match) close() {
	m.t.Helper()
	if err := m.w.Close(); err != nil {
		m.t.Fatal(err)
	}
}

// wild is a script in which everything happens.
func wild(seed uint64) func(netcode.Frame, []netcode.Input) {
	r := rand.New(rand.NewPCG(seed, 0))
	held := make([]uint64, netcode.MaxPlayers)
	return func(f netcode.Frame, in []netcode.Input) {
		for p := range in {
			switch r.IntN(12) {
			case 0:
				held[p] ^= 1 << r.IntN(64)
			case 1:
				held[p] = r.Uint64()
			case 2:
				held[p] = 0
			}
			in[p].Bits = held[p]
			if r.IntN(20) == 0 {
				in[p].Command = make([]byte, 1+r.IntN(r.IntN(netcode.MaxCommand)+1))
				for i := range in[p].Command {
					in[p].Command[i] = byte(r.Uint32())
				}
			}
			in[p].Absent = int(f)/100%8 == p
		}
	}
}

func open(t testing.TB, file []byte) *replay.Reader {
	t.Helper()
	r, err := replay.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same compares a row read with the one written; only marks keep their hash.
func same(got, want *netcode.Row) string {
	if got.Frame != want.Frame || got.Hash != 0 && got.Hash != want.Hash || !bytes.Equal(got.State, want.State) || (got.State == nil) != (want.State == nil) || len(got.Inputs) != len(want.Inputs) {
		return fmt.Sprintf("frame %d, hash %x, %d bytes of state, became %d, %x, %d", want.Frame, want.Hash, len(want.State), got.Frame, got.Hash, len(got.State))
	}
	for p := range got.Inputs {
		a, b := got.Inputs[p], want.Inputs[p]
		if a.Bits != b.Bits || a.Absent != b.Absent || !bytes.Equal(a.Command, b.Command) {
			return fmt.Sprintf("frame %d, player %d: %+v became %+v", want.Frame, p, b, a)
		}
	}
	return ""
}

func TestRowsComeBack(t *testing.T) {
	for _, c := range []struct {
		players, frames int
		o               replay.Options
	}{
		{4, 1000, replay.Options{}},
		{4, 1000, replay.Options{Keyframes: replay.None}},
		{1, 500, replay.Options{Hashes: 1, Keyframes: 7}},
		{8, 700, replay.Options{Hashes: replay.None, Keyframes: 61}},
		{2, 1, replay.Options{}},
		{2, 2, replay.Options{Keyframes: replay.None}},
		{3, 60, replay.Options{Keyframes: 1}},
		{3, 0, replay.Options{}},
	} {
		for _, rate := range []int{0, 1, 30, 1000} {
			tm := terms
			tm.Players, tm.Rate = c.players, rate
			var file bytes.Buffer
			m := newMatch(t, &file, tm, c.o)
			m.play(c.frames, wild(uint64(c.players)))
			m.close()
			r := open(t, file.Bytes())
			if got := r.Terms(); fmt.Sprint(got) != fmt.Sprint(tm) {
				t.Fatalf("%+v became %+v", tm, got)
			}
			if r.Damage() != nil || !r.Closed() {
				t.Fatalf("%+v: damage %v, closed %v", c, r.Damage(), r.Closed())
			}
			var row netcode.Row
			marks := 0
			for i := range m.kept {
				if r.Behind() != len(m.kept)-i {
					t.Fatalf("%d rows wait, should be %d", r.Behind(), len(m.kept)-i)
				}
				ok, err := r.Next(&row)
				if !ok || err != nil {
					t.Fatalf("%+v: row %d of %d: %v, %v", c, i, len(m.kept), ok, err)
				}
				if d := same(&row, &m.kept[i]); d != "" {
					t.Fatalf("%+v: %s", c, d)
				}
				if row.Hash != 0 {
					marks++
				}
				if i == len(m.kept)-1 && (row.Hash == 0 || r.Last() != row.Frame) {
					t.Errorf("%+v: the last row has no hash, or is %d and should be %d", c, row.Frame, r.Last())
				}
			}
			if ok, err := r.Next(&row); ok || err != nil || r.Behind() != 0 {
				t.Errorf("%+v: after the last row: %v, %v, %d wait", c, ok, err, r.Behind())
			}
			if c.o.Hashes == 1 && marks != len(m.kept) || c.o.Hashes == replay.None && marks > 1 {
				t.Errorf("%+v: %d marks in %d rows", c, marks, len(m.kept))
			}
		}
	}
}

func TestSeekFindsTheNearestState(t *testing.T) {
	for _, every := range []int{replay.None, 1, 37, 60, 200} {
		var file bytes.Buffer
		m := newMatch(t, &file, terms, replay.Options{Keyframes: every})
		m.play(500, wild(5))
		m.close()
		r := open(t, file.Bytes())
		var row netcode.Row
		for i := range 400 {
			f := netcode.Frame(i * i * 7 % 500)
			if err := r.Seek(f); err != nil {
				t.Fatal(err)
			}
			want := netcode.Frame(1)
			if every > 0 {
				want = f - f%netcode.Frame(every)
			}
			for ; want <= min(f+2, 499); want++ {
				if ok, err := r.Next(&row); !ok || err != nil || row.Frame != want {
					t.Fatalf("states each %d: after Seek to %d: %v, %v, frame %d, want %d", every, f, ok, err, row.Frame, want)
				}
				if d := same(&row, &m.kept[want-m.kept[0].Frame]); d != "" {
					t.Fatal(d)
				}
				if every == replay.None && want > 70 {
					break
				}
			}
		}
		at := r.Behind()
		for _, f := range []netcode.Frame{500, -1, 1 << 30} {
			if err := r.Seek(f); err == nil || r.Behind() != at {
				t.Errorf("Seek to %d: %v, %d rows wait instead of %d", f, err, r.Behind(), at)
			}
		}
	}
}

// What was read and is written again is the same file: rows without a hash get none.
func TestReadAndWrittenAgain(t *testing.T) {
	var file, again bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Hashes: 50, Keyframes: 200})
	m.play(1000, wild(5))
	m.close()
	r := open(t, file.Bytes())
	w, err := replay.NewWriter(&again, r.Terms(), replay.Options{Hashes: 1})
	if err != nil {
		t.Fatal(err)
	}
	var row netcode.Row
	for r.Behind() > 0 {
		if _, err := r.Next(&row); err != nil {
			t.Fatal(err)
		}
		if err := w.Record(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Errorf("%v, %d bytes became %d", err, file.Len(), again.Len())
	}
}

// A recorder that joins late begins with a state.
func TestFileThatBeginsLate(t *testing.T) {
	var file, late bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Keyframes: 100})
	m.play(400, wild(5))
	w, err := replay.NewWriter(&late, terms, replay.Options{Keyframes: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Record(&m.kept[250]); err == nil {
		t.Error("a file may begin late without a state")
	}
	for i := range m.kept[200:] {
		if err := w.Record(&m.kept[200+i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := open(t, late.Bytes())
	if r.First() != 200 || r.Last() != 399 || r.Seek(350) != nil || r.Behind() != 100 || r.Seek(199) != nil || r.Behind() != 200 {
		t.Errorf("%d to %d, %d rows wait", r.First(), r.Last(), r.Behind())
	}
	g := &sums{}
	viewer, err := netcode.NewViewer(g, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []netcode.Frame{250, 100, 399, 0, 300} {
		want := max(f, 200)
		if f == 0 {
			want = 0 // the game's own start
		}
		if err := viewer.Seek(f); err != nil || viewer.Frame() != want || int(g.frame) != int(want) {
			t.Errorf("Seek to %d: frame %d, state %d, %v", f, viewer.Frame(), g.frame, err)
		}
	}
	if v, err := replay.Verify(r, newSums); err != nil || v.Agreed != 399 || v.Rows != 200 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestVerify(t *testing.T) {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Hashes: 50, Keyframes: 200})
	m.play(1000, wild(5))
	m.close()
	v, err := replay.Verify(open(t, file.Bytes()), newSums)
	if err != nil || v != (replay.Verdict{Rows: 1000, Marks: 21, Agreed: 999}) {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, c := range []struct {
		wrong         uint64
		frame, agreed netcode.Frame
		says          string
	}{
		{1, 50, 0, "at frame 200, byte "},
		{333, 350, 300, "at frame 400, byte "},
		{350, 350, 300, "at frame 400, byte "},
		{351, 400, 350, "in seats[3] at byte 24: "},
		{990, 999, 950, "desync at frame 999 with the rows (hash "},
	} {
		v, err := replay.Verify(open(t, file.Bytes()), func(netcode.Terms) netcode.Game { return &sums{wrong: c.wrong} })
		var e *netcode.DesyncError
		if v.Marks != int(c.agreed)/50+1 {
			t.Errorf("wrong in frame %d: %d marks were equal", c.wrong, v.Marks)
		}
		if !errors.As(err, &e) || e.Frame != c.frame || e.Agreed != c.agreed || v.Agreed != c.agreed || !strings.Contains(err.Error(), c.says) {
			t.Errorf("wrong in frame %d: %+v, %v", c.wrong, v, err)
		}
	}
	moods := 0
	_, err = replay.Verify(open(t, file.Bytes()), func(netcode.Terms) netcode.Game { return &sums{wrong: 333, moody: &moods} })
	if err == nil || !strings.Contains(err.Error(), "does not repeat itself from frame 300 on: byte 24 (seats[3])") {
		t.Errorf("a game with a mood: %v", err)
	}
	_, err = replay.Verify(open(t, file.Bytes()), func(netcode.Terms) netcode.Game { return &sums{frame: 5} })
	if err == nil || !strings.Contains(err.Error(), "desync at frame 0 with the rows in frame at byte 64: 5 here, 0 there") {
		t.Errorf("another start: %v", err)
	}
}

// What is there of a damaged file is verified, and the damage is told.
func TestVerifyTellsOfDamage(t *testing.T) {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{})
	m.play(1000, wild(5))
	m.close()
	r := open(t, file.Bytes()[:file.Len()*2/3])
	v, err := replay.Verify(r, newSums)
	if err == nil || err != r.Damage() || v.Agreed < 300 || v.Rows != int(r.Last())+1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Two machines that play over a bad network, and end in order, write the same
// file byte for byte.
func TestMachinesWriteTheSameFile(t *testing.T) {
	for saving, late := range map[netcode.Saving]netcode.Frame{netcode.SaveAll: 0, netcode.SaveSparse: 31} {
		file, last := sameFile(t, saving)
		v, err := replay.Verify(open(t, file), newSums)
		if err != nil || v.Agreed < 400 || v.Agreed < last-late || v.Marks < 12 {
			t.Errorf("saved as %d: %+v, %v; the last frame is %d", saving, v, err, last)
		}
	}
}

func sameFile(t *testing.T, saving netcode.Saving) (file []byte, last netcode.Frame) {
	t.Helper()
	const machines = 3
	net := simnet.New(7, machines)
	net.SetAll(simnet.Path{Latency: 3000, Jitter: 2000, Loss: 150})
	tm := terms
	tm.Players = machines
	var files [machines]bytes.Buffer
	var writers [machines]*replay.Writer
	var sessions [machines]*netcode.Session
	var dice [machines]func(netcode.Frame, []netcode.Input)
	for i := range machines {
		var err error
		if writers[i], err = replay.NewWriter(&files[i], tm, replay.Options{Hashes: 7, Keyframes: 50}); err != nil {
			t.Fatal(err)
		}
		if sessions[i], err = netcode.NewSession(&sums{}, net.Peer(netcode.Peer(i)), netcode.Config{
			Terms: tm, Seats: []netcode.Peer{0, 1, 2}, Self: netcode.Peer(i), Saving: saving, Recorders: []netcode.Recorder{writers[i]},
		}); err != nil {
			t.Fatal(err)
		}
		dice[i] = wild(uint64(i))
	}
	in := make([]netcode.Input, machines)
	over := [machines]bool{}
	for tick := 0; over != [machines]bool{true, true, true}; tick++ {
		if tick == 2000 {
			t.Fatal("the match does not end")
		}
		if tick == 500 {
			for _, s := range sessions {
				s.Leave()
			}
		}
		for i, s := range sessions {
			if over[i] = over[i] || s.Done(); over[i] {
				continue
			}
			clear(in)
			dice[i](netcode.Frame(tick), in)
			if tick%50 != 0 {
				in[i].Command = nil // there is a limit to them
			}
			if err := s.Advance(in[i]); err != nil {
				t.Fatalf("machine %d: %v", i, err)
			}
		}
		net.Tick()
	}
	for i, w := range writers {
		if err := errors.Join(w.Close(), sessions[i].RecordError()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(files[i].Bytes(), files[0].Bytes()) {
			t.Errorf("machines 0 and %d, at frames %d and %d, wrote different files", i, sessions[0].Confirmed(), sessions[i].Confirmed())
		}
	}
	return files[1].Bytes(), sessions[1].Confirmed()
}

func TestVerifyWantsMarks(t *testing.T) {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Hashes: replay.None, Keyframes: replay.None})
	m.play(100, wild(5))
	whole := file.Len()
	m.close() // which writes the only hash
	if _, err := replay.Verify(open(t, file.Bytes()), newSums); err != nil {
		t.Error(err)
	}
	if _, err := replay.Verify(open(t, file.Bytes()[:whole]), newSums); err == nil || !strings.Contains(err.Error(), "nothing was verified") {
		t.Error(err)
	}
}
