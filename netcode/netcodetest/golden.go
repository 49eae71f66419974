package netcodetest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/replay"
)

var rewrite = flag.Bool("netcode.rewrite", false, "make the files of netcodetest.Golden, or accept what the game makes of them now")

// Golden plays replays again and compares every hash in them. Run it wherever
// the game runs (GOOS=js GOARCH=wasm, GOARCH=arm64): whatever comes out there
// differently names its file, frame and, if it can, its field. It sees a change
// of the rules, too, so that old replays don't break unnoticed.
//
// A file is any replay, such as one that was recorded in a match. Run the test
// with -netcode.rewrite to make a file that is not there, ten seconds of random
// inputs for the given number of players, and to give the others the hashes that
// the game makes of their inputs now.
func Golden(t testing.TB, newGame func(netcode.Terms) netcode.Game, players int, files ...string) {
	t.Helper()
	if err := (&Options{}).check(players); err != nil {
		t.Error(err)
		return
	}
	if len(files) == 0 {
		t.Errorf("netcodetest: Golden got no file")
	}
	for _, name := range files {
		old, err := os.ReadFile(name)
		if *rewrite {
			if err == nil {
				err = accept(newGame, name, old)
			} else if errors.Is(err, fs.ErrNotExist) {
				err = compose(newGame, name, players)
			}
		} else if err == nil {
			err = golden(newGame, old)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: run this test with -netcode.rewrite to make it", err)
		}
		if err != nil {
			t.Errorf("netcodetest: %s: %v", name, err)
		}
	}
}

func golden(newGame func(netcode.Terms) netcode.Game, file []byte) error {
	r, err := open(file)
	if err != nil {
		return err
	}
	_, err = replay.Verify(r, newGame)
	return err
}

// open reads a file that must be whole.
func open(file []byte) (*replay.Reader, error) {
	r, err := replay.NewReader(bytes.NewReader(file), int64(len(file)))
	if err == nil {
		err = r.Damage()
	}
	return r, err
}

// compose makes a file of random inputs.
func compose(newGame func(netcode.Terms) netcode.Game, name string, players int) error {
	r, held := random(players), make([]netcode.Input, players)
	return write(newGame, name, netcode.Terms{Players: players, Seed: 1, Build: "golden"}, func(row *netcode.Row) (bool, error) {
		row.Inputs = r.inputs(held)
		return row.Frame <= frames, nil
	})
}

// accept makes a file of the inputs of an old one.
func accept(newGame func(netcode.Terms) netcode.Game, name string, old []byte) error {
	r, err := open(old)
	if err != nil {
		return err
	}
	if first := r.First(); first > 1 {
		return fmt.Errorf("the first frame is %d, must be 0 or 1", first)
	}
	return write(newGame, name, r.Terms(), func(row *netcode.Row) (bool, error) {
		var was netcode.Row
		ok, err := r.Next(&was)
		if ok && was.Frame == 0 {
			ok, err = r.Next(&was)
		}
		row.Inputs = was.Inputs
		return ok, err
	})
}

// write plays rows, of which next gives the inputs, and keeps them.
func write(newGame func(netcode.Terms) netcode.Game, name string, terms netcode.Terms, next func(*netcode.Row) (bool, error)) error {
	var file bytes.Buffer
	w, err := replay.NewWriter(&file, terms, replay.Options{Hashes: 10, Keyframes: replay.None})
	if err != nil {
		return err
	}
	g := newGame(terms)
	var state []byte
	for f := netcode.Frame(1); ; f++ {
		row := netcode.Row{Frame: f}
		if ok, err := next(&row); err != nil {
			return err
		} else if !ok {
			break
		}
		g.Step(row.Inputs)
		state = g.Save(state[:0])
		row.Hash = netcode.HashState(state)
		if err := w.Record(&row); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, file.Bytes(), 0o644)
}
