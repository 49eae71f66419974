package rtc

import (
	"strings"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// What the Code of an Error can be.
const (
	CodeFull    = protocol.CodeFull    // the room is full
	CodePlaying = protocol.CodePlaying // the room is in a match
	CodeBuild   = protocol.CodeBuild   // the room plays another build of the game
	CodeVersion = protocol.CodeVersion // the server speaks another version of the protocol
	CodeOrigin  = protocol.CodeOrigin  // the server does not serve this page
	CodeRoom    = protocol.CodeRoom    // no room of that code is to be had: it is wrong, or the room full, locked, playing, over or of another build
	CodeLocked  = protocol.CodeLocked  // the room is locked
	CodeKicked  = protocol.CodeKicked  // the leader of the room has put this machine out
	CodeRefused = "refused"            // the server refused for another reason
	CodeServer  = "server"             // the server can't be reached
	CodeClosed  = "closed"             // by Close
	CodeWebRTC  = "webrtc"             // this browser has no WebRTC, or it is switched off
)

// Error is why a room is over.
type Error struct {
	Code string
	Text string // a sentence for the player
	Err  error  // what is behind it; may be nil
}

func (e *Error) Error() string { return "rtc: " + e.Text }
func (e *Error) Unwrap() error { return e.Err }

// serverError makes an Error of the signaling client's.
func serverError(err error) *Error {
	code := client.Refusal(err)
	switch code {
	case CodeFull, CodePlaying, CodeBuild, CodeVersion, CodeOrigin, CodeRoom, CodeLocked, CodeKicked:
	case "":
		code = CodeServer
	default:
		code = CodeRefused
	}
	return &Error{Code: code, Text: plain(err.Error()), Err: err}
}

// plain is what a player need not read taken from an error's sentence.
func plain(s string) string { return strings.TrimPrefix(s, "signaling: ") }
