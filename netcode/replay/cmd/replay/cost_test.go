package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unicode"

	"github.com/cespare/xxhash/v2"

	"github.com/punchback/punchback/netcode/replay"
)

// block is one of a file, sealed.
func block(kind byte, payload []byte) []byte {
	b := append(binary.AppendUvarint([]byte{kind}, uint64(len(payload))), payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// crafted is a file of about so many bytes, made of blocks that each has, by the
// first frame, for as many players.
func crafted(size, players int, each func(frame uint64) []byte) []byte {
	termsOf := append([]byte{byte(players), 0, 0}, make([]byte, 8+16+2)...)
	b := append([]byte(replay.Magic), replay.Version)
	b = append(b, block('T', termsOf)...)
	for frame := uint64(1); len(b) < size; frame += 256 {
		b = append(b, block('R', each(frame))...)
	}
	return b
}

// zeros is a column of n zeros.
func zeros(n uint64) []byte { return binary.AppendUvarint([]byte{0xf0}, n-15) }

// rowsFrom is the beginning of a block of 256 of them.
func rowsFrom(frame uint64, flags byte) []byte {
	return append(binary.AppendUvarint(nil, frame), 255, flags)
}

// desyncOf is a dump with so many bytes of state, told by these sections.
func desyncOf(state int, theirs, fields []byte) []byte {
	b := append([]byte(replay.DumpMagic), replay.DumpVersion)
	section := func(kind byte, p []byte) {
		b = append(binary.LittleEndian.AppendUint32(append(b, kind), uint32(len(p))), p...)
	}
	window := func(n int) []byte {
		return append(binary.AppendUvarint(nil, uint64(n)), append([]byte{0}, make([]byte, n)...)...)
	}
	section('T', append([]byte{2, 0, 0}, make([]byte, 8+16+2)...))
	section('D', append([]byte{2, 0, 0, 1, 0, 0, 1, 2}, append(make([]byte, 16), 1, 0, 0, 0)...))
	section('I', []byte{0})
	section('B', window(state))
	section('S', window(state))
	section('O', append(append(binary.AppendUvarint(nil, uint64(state)), 0), theirs...))
	section('F', append([]byte{0}, fields...))
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// Whatever a file says, looking into it takes at most a second for a megabyte of
// it: here ten times of what it takes to print each of its bytes, in the same run.
func TestCraftedFilesAreCheap(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("under Node each read of a file is a promise, and costs more than what is read")
	}
	if raced {
		t.Skip("the build without -race measures it")
	}
	const window = 1 << 17
	alternate := func(frame uint64) []byte { // one player is absent in each second row
		b := rowsFrom(frame, 2)
		b = append(binary.AppendUvarint(append(b, 0x0f), 256-15), bytes.Repeat([]byte{1}, 256)...)
		return append(b, make([]byte, 8)...)
	}
	for name, file := range map[string][]byte{
		"states of zeros": crafted(40<<10, 1, func(frame uint64) []byte {
			b := binary.AppendUvarint(rowsFrom(frame, 1), replay.MaxState)
			return append(append(b, zeros(replay.MaxState)...), 0)
		}),
		"rows in which nothing happens": crafted(256<<10, 8, func(frame uint64) []byte { return append(rowsFrom(frame, 0), make([]byte, 8)...) }),
		"rows that alternate":           crafted(256<<10, 8, alternate),
		"fields and unknown stretches":  desyncOf(120_000, bytes.Repeat([]byte{1, 1, 7, 2, 1}, 60_000), bytes.Repeat([]byte{0, 0, 0, 1, 1}, 60_000)),
		"one wide field among many":     desyncOf(window, append([]byte{1}, append(binary.AppendUvarint(nil, window), bytes.Repeat([]byte{9}, window)...)...), append(append([]byte{0, 1, 'a', 1}, append(binary.AppendUvarint(nil, window/2), 0)...), bytes.Repeat([]byte{0, 0, 0, 1, 1}, 60_000)...)),
		"long paths":                    desyncOf(window, append([]byte{1}, append(binary.AppendUvarint(nil, window), bytes.Repeat([]byte{9}, window)...)...), append(append([]byte{0, 250}, append(bytes.Repeat([]byte{'a'}, 250), 1, 1, 0)...), bytes.Repeat([]byte{250, 0, 0, 1, 1}, 60_000)...)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "crafted")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"info", path}, {"dump", path}, {"diff", path, path}} {
				took, printed := time.Hour, time.Hour
				var said bytes.Buffer
				size := 0
				for range 2 {
					begin := time.Now()
					var line []byte
					for i, c := range file {
						line = fmt.Appendf(line[:0], "%d %x\n", i, c)
					}
					printed = min(printed, time.Since(begin))
					said.Reset()
					out := &counted{}
					begin = time.Now()
					if status := run(out, &said, args); status == 2 {
						t.Fatalf("%s: %s", args[0], said.String())
					}
					took, size = min(took, time.Since(begin)), out.n
				}
				t.Logf("%s of %d bytes: %v, %.1f times as long as to print it, %d bytes out", args[0], len(file), took, float64(took)/float64(printed), size)
				if most := time.Duration(len(args)-1) * (10*printed + 20*time.Millisecond); took > most || size > 128*len(file) {
					t.Errorf("%s of %d bytes takes %v and says %d bytes; to print it takes %v", args[0], len(file), took, size, printed)
				}
			}
		})
	}
}

// What a file says moves no cursor and sets no title, whatever is in it.
func TestCraftedTextIsShownSafely(t *testing.T) {
	evil := "\x1b]0;owned\x07\u009b2J\u202e"
	fields := append([]byte{0, byte(len(evil))}, append([]byte(evil), 3, 8, 0)...)
	path := filepath.Join(t.TempDir(), "a"+evil)
	for name, b := range map[string][]byte{
		"a path":       desyncOf(64, append([]byte{1, 64}, bytes.Repeat([]byte{9}, 64)...), fields),
		"what is none": append([]byte(evil), make([]byte, 64)...),
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"info", path}, {"dump", path}, {"diff", path, path}} {
			var said bytes.Buffer
			run(&said, &said, args)
			if i := bytes.IndexFunc(said.Bytes(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 || said.Len() == 0 {
				t.Errorf("%s of %s: says %q", args[0], name, said.Bytes()[max(i, 0):])
			}
		}
	}
}

// counted counts what is written.
type counted struct{ n int }

func (c *counted) Write(b []byte) (int, error) {
	c.n += len(b)
	return len(b), nil
}
