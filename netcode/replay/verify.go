package replay

import (
	"errors"
	"fmt"

	"github.com/punchback/punchback/netcode"
)

// Verdict is what Verify compared.
type Verdict struct {
	Rows   int           // that were stepped
	Marks  int           // hashes and states among them
	Agreed netcode.Frame // the last frame whose mark was equal, -1 if none was
}

// Verify simulates all rows of a source, from its first to its end, and compares
// every hash and state in them. newGame makes a game at its start; it is called
// twice if something differs.
//
// What differs is a *netcode.DesyncError: Frame is the first mark that differs
// and Agreed the last that was equal, so the cause lies in a step between them
// (with Options.Hashes of 1 they are neighbours). It names the field if a state
// is near, and it says if the game here does not even repeat itself. Rows
// without any mark verify nothing, and that is an error, too. A file that was cut
// between two blocks has no damage: ask Reader.Closed whether it is whole.
func Verify(src netcode.Source, newGame func(netcode.Terms) netcode.Game) (Verdict, error) {
	verdict := Verdict{Agreed: -1}
	if err := src.Seek(0); err != nil {
		return verdict, err
	}
	counted := &counter{Source: src, verdict: &verdict, marked: -1}
	g := newGame(src.Terms())
	v, err := netcode.NewViewer(g, counted)
	if err != nil {
		return verdict, err
	}
	for before := -1; err == nil && before != verdict.Rows; {
		before = verdict.Rows
		err = v.Advance()
	}
	var desync *netcode.DesyncError
	if errors.As(err, &desync) {
		verdict.Agreed = desync.Agreed
		verdict.Marks--
		explain(desync, g, src, newGame)
		return verdict, desync
	}
	verdict.Agreed = counted.marked
	if err == nil && verdict.Marks == 0 {
		err = fmt.Errorf("replay: none of %d rows has a hash or a state: nothing was verified", verdict.Rows)
	}
	return verdict, err
}

// counter passes rows on and counts them.
type counter struct {
	netcode.Source
	verdict *Verdict
	marked  netcode.Frame
}

func (c *counter) Next(row *netcode.Row) (bool, error) {
	ok, err := c.Source.Next(row)
	if ok {
		c.verdict.Rows++
		if row.Hash != 0 || row.State != nil {
			c.verdict.Marks++
			c.marked = row.Frame
		}
	}
	return ok, err
}

// explain finds out more about a difference: what the next state in the rows
// says, if the first mark that differs had none, and whether the game repeats
// itself.
func explain(e *netcode.DesyncError, g netcode.Game, src netcode.Source, newGame func(netcode.Terms) netcode.Game) {
	var row netcode.Row
	for f := e.Frame + 1; e.Offset < 0 && e.Detail == ""; f++ {
		if ok, err := src.Next(&row); !ok || err != nil || row.Frame != f {
			break
		}
		g.Step(row.Inputs)
		if row.State == nil {
			continue
		}
		d := netcode.FirstDifference(g, g.Save(nil), row.State)
		if d == "" {
			d = "no state differs"
		}
		e.Detail = fmt.Sprintf("at frame %d, %s", f, d)
	}
	again := newGame(src.Terms())
	v, err := netcode.NewViewer(again, src)
	if err == nil {
		err = v.Seek(max(e.Agreed, 0))
	}
	for err == nil && v.Frame() < e.Frame && v.Behind() > 0 {
		err = v.Advance()
	}
	if v == nil || v.Frame() != e.Frame {
		return
	}
	if d := netcode.FirstDifference(g, e.State, again.Save(nil)); d != "" {
		e.Detail = fmt.Sprintf("the game does not repeat itself from frame %d on: %s in two simulations here", max(e.Agreed, 0), d)
	}
}
