// Package replay keeps the confirmed rows of a match in a file and gives them
// back.
//
// A [Writer] is a netcode.Recorder: name it in Config.Recorders, and Close it
// after the match. A [Reader] is a netcode.Source: a netcode.Viewer plays it,
// forwards, or from any frame on. [Verify] simulates a file again and names the
// first frame in which the game makes something else of it.
//
// A file holds the Terms, every input, the hash of a state now and then, and a
// whole state now and then to start from. Rows are told as what changed, so ten
// minutes of four players take some 50 KB without states. It is written block
// by block, each with a checksum, and only ever appended to: after a crash it
// can be read up to the last whole block. FORMAT.md describes it byte by byte.
//
// # It desynced: what now
//
// Advance has returned a *netcode.DesyncError. The machines have searched for the
// cause together: the error names the first frame that differs, the field
// (Players[1].Vel.X), both values and, with three and more machines, the odd one out.
// Only frames that nobody can change any more are compared, so it is never a false
// alarm: Step broke one of its rules (see package netcode).
//
// Let your players send you the error's Dump, a file that is read without the game:
//
//	go run github.com/punchback/punchback/netcode/replay/cmd/replay dump FILE
//
// prints the inputs of that frame and each field before it, on both machines; diff A
// B compares the dumps of both.
//
//  1. Run netcodetest.Check on your game. Most mistakes show on one machine.
//  2. It happens only between two kinds of machine? Then it is a float, or an int
//     whose size differs. Package plain refuses both by name.
//  3. It happens only after a reload? Then the two pages have different builds:
//     change Options.Build with every release, and they refuse to meet.
//
// While you develop, demo/web prints a desync of any of its pages in the terminal.
//
// # Bounds
//
// The package opens no file, reads no clock and starts no goroutine: give it an
// io.Writer, or an io.ReaderAt such as an *os.File or a *bytes.Reader. It
// allocates nothing for a row. A file from a stranger can be wrong in every
// byte; that is an error with its place, never a panic.
package replay

import (
	"fmt"
	"hash/crc32"

	"github.com/punchback/punchback/netcode"
)

// Magic begins every file; the byte after it is Version.
const (
	Magic   = "PBREPLAY"
	Version = 1
)

// MaxState is the limit, in bytes, of a State in a file.
const MaxState = 16 << 20

// The limits of a block.
const (
	maxRows     = 256                            // in one block
	maxCommands = 16 << 10                       // bytes of Commands after which the Writer ends a block
	maxPayload  = MaxState + MaxState/16 + 1<<20 // of any block: a State that takes no zeros, and a row of everything in each of 256 frames
	maxTerms    = 512 + netcode.MaxSetup         // payload of the terms
	head        = 1 + 5                          // kind and the longest length
	tail        = 4                              // checksum
	lastFrame   = netcode.Frame(1<<31 - 1)       // that can be told
)

// The kinds of blocks.
const (
	kindTerms = 'T'
	kindAbout = 'A'
	kindRows  = 'R'
	kindEnd   = 'E'
)

// What a block of rows holds besides Bits.
const (
	hasState    = 1 << iota // of its first row
	hasAbsent               // some seat is Absent in some row
	hasHashes               // some rows have a Hash
	hasCommands             // some rows have a Command
	hasOther
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// FormatError says where a file is not what FORMAT.md describes.
type FormatError struct {
	Offset int64  // in the file
	Reason string // what is there, and what should be
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("replay: at byte %d: %s", e.Offset, e.Reason)
}
