// Package netcode keeps one game in step on several machines with rollback:
// it steps the game at once on a guess of what the others do, and when a guess
// was wrong it takes the game back and steps it again.
//
// # Where to start
//
// For an online game import netcode and netcode/rtc, and start from demo/pong,
// which is one whole online game in one file. This package alone opens no
// socket: it speaks through a [Transport], which a match of rtc is, and which
// netcode/simnet plays for tests and split screens. See the example below.
//
//	session, err := netcode.NewSession(plain.New(&state, step), match, match.Config())
//	…
//	err = session.Advance(netcode.Input{Bits: buttons}) // sixty times a second
//	draw(&state)
//
// # The rules of Step
//
// A Game has three methods. Step makes the next frame, Save appends the whole
// state, Load brings back what Save wrote. Package plain makes Save and Load for a
// state that is a Go struct without pointers. All machines step the same inputs,
// so Step must give the same result on all of them:
//
//  1. It reads the state and the inputs and nothing else: no clock, no package
//     math/rand, no global variable, no goroutine. Random numbers are a fixed.Rand
//     in the state, seeded with Terms.Seed.
//  2. It uses no floats. On arm64 Go fuses a*b+c into one rounding; on amd64 and in
//     WASM it does not. Package fixed has numbers, vectors and trigonometry that are
//     the same everywhere.
//  3. It does not range over a map: the iteration order is random.
//  4. The whole game is in the state. What is not saved is not rolled back. Equal
//     states save equal bytes.
//  5. It plays no sound and starts no particle: a repaired frame would start it
//     twice. It emits a cue, which is drawn once (package cues).
//  6. It finds edges itself. Input.Bits is what is held, and is predicted to stay
//     held; keep the last Bits in the state to see a press. What is done once (an
//     order, a card, a chat line) is Input.Command, which is predicted to be absent.
//
// Inputs and their Commands are borrowed for the call.
//
// Three functions of package netcodetest find a broken rule, and name the frame and
// the field: Check rolls the game back in every frame, Converge plays it over
// hostile networks, Golden plays replays on every platform you test on. NewSession
// checks, too: it steps the game a few frames and takes it back.
//
// # Frames
//
// Frame 0 is the state before the first step, and the inputs of frame f lead
// from state f-1 to state f. At any moment there are three marks:
//
//	Confirmed  ≤  Complete  ≤  Frame + Delay,   Frame  ≤  Complete + Window
//
// Complete (see [Stats]) is the last frame of which this machine holds
// everybody's input: what is on screen beyond it rests on predictions. Window is
// how far the screen may run beyond Complete, 8 frames unless you say otherwise;
// at its end Advance waits, which is no error.
//
// Confirmed is the last frame that every machine is known to hold completely.
// Nobody can change it any more. Show results and save scores only up to here;
// recorders and hashes see only these frames. Each is hashed and the hashes are
// compared now and then: if two machines made something else of the same
// inputs, Advance returns a [*DesyncError].
//
// # Held and done
//
// An [Input] has Bits, which are held, and may have a Command, which is done
// once. Bits are predicted to stay as they were; find edges in Step by keeping
// the Bits of the frame before in the state. A Command is predicted to be
// nothing, so it is never done twice and never half. A game that knows better
// what the others hold says so: see [Predictor].
//
// Every Command leads to one frame, in the order given, one per seat and frame.
// Those that must wait are queued: up to [MaxQueued], and one more is an error.
// A seat may spend [MaxSpend] bytes a second.
//
// len(in) of Step is Players in every frame. Seats that nobody holds ([Nobody]
// in Config.Seats, and whoever has left) are Absent.
//
// # Delay, or rollbacks, or waiting
//
// Somebody has to pay for the trip of an input to the other machine. Delay is
// how many frames later than given it counts, on all machines alike: as long as
// the trip, and it arrives before it is needed; shorter, and the rest is
// predicted and perhaps repaired. Each seat has its own, 0 to [MaxDelay], and
// [Session.SetDelay] changes it in the middle of a match.
//
//   - A delay of 2 (the default) is hardly felt, and spares most repairs nearby.
//   - [Auto] measures the path and follows it, from 1 to 6 frames: at once when
//     it gets longer, slowly when it gets shorter, and not at all for a spike.
//   - [Lockstep], a window of none, never predicts: a frame is stepped when
//     everybody's input for it is here, once, and no state is ever loaded. It
//     needs a delay as long as the trip one way, or it waits in every frame; with
//     Auto it has that, up to MaxDelay. Each frame is still saved once, to be
//     hashed. Use it for games that are too slow to be stepped again.
//
// # One tick
//
// Advance is one tick. Call it as often as Terms.Rate says, in Ebiten once in
// each Update with the TPS set to Rate, also when nothing moves: it also speaks,
// one packet to each machine. It steps one frame; none
// while it waits or lets the others catch up; two to catch up. The only clock
// is how often Advance was called, so timeouts are in ticks and every test can
// be played again.
//
// A machine whose ticks stop for a while (a hidden tab, a long garbage
// collection) holds the others up when their windows are full, and catches up
// with two frames a tick. [Quiet] and [Back] tell the player.
//
// # Seats, machines, peers
//
// A seat is a player, 0 to Players-1. A machine is a process that plays: it has
// one Session and any number of seats, and in the network it is a [Peer], a
// number that the room gave it. Config.Seats says which peer has which seat; who
// has two gives two Inputs to Advance, in order of seats, and sends one packet.
//
// # Who leaves, and who is lost
//
// Leave says goodbye; go on calling Advance until Done. Of three and more
// machines the others go on: they agree on the leaver's last frame, hear the
// event [Left], and its seats are Absent after it. The same becomes of a machine
// that nobody has heard for Terms.Timeout ticks (a broken link between two of
// them is no such thing: the others pass on what these miss). That takes the
// timeout and about three round trips, in which frames wait; a goodbye costs no
// wait. A [Transport] that is a [Disconnecter] spares them the timeout where it
// knows that the machine has gone for good, as that of package rtc does.
//
// Before the first frame it is the same. A machine that does not come within
// Terms.Timeout ticks is left out: the event [Left] has frame 0. If it comes after
// all, it ends with a [*SplitError] that says so. A pair without a link plays by
// what the others pass on.
//
// For this more than half of the machines must hear one another, or half with
// the lowest seat; those who have said goodbye do not count. Who cannot, or was
// given up, confirms nothing more and ends with a [*SplitError]: there is never a
// second history. Who is left alone ends with a [*LeftError], and so do both of
// two that lose each other.
//
// # When Advance returns an error
//
// The match is over, and each later call returns the same error; show it and
// close what the Session played on. [*LeftError] is the common end: the result up
// to Confirmed stands. [*SplitError]: this machine's connection was too bad, or it came too late.
// [*DesyncError] is a mistake in the game: save its Dump. [*TermsError] comes
// before the first frame: the two have different builds or settings. A [Transport]
// that is an [Ender] hears it, too, even if the game drops it: in the browser, that of
// package rtc lets the page show it. Any other error refuses an argument (too long a
// Command, one more than can wait, too many Inputs) and ends nothing: no tick has
// passed, so call Advance again without it.
//
// # Seeing it again
//
// A match is its confirmed [Row]s, in order. Each [Recorder] in
// Config.Recorders hears them; a [Viewer] plays those of a [Source] with the
// same game, one a call, forwards or from any frame on. Spectators and replays
// are the same thing. Package replay keeps rows in a file.
//
// # Words
//
// Other libraries have other words for the same things:
//
//	here                          GGPO                       GGRS
//	Player, a seat                player                     player handle
//	Peer, a machine               remote player, endpoint    address
//	frame on screen               current frame              current frame
//	Complete                      last confirmed frame       confirmed frame
//	Confirmed                     -                          -
//	Window                        prediction barrier         max prediction window
//	Delay                         frame delay                input delay
//	Save, Load, Step              save_game_state,           SaveGameState, LoadGameState,
//	                              load_game_state,           AdvanceFrame requests
//	                              advance_frame
//	skip, catch up                time sync                  wait recommendation
//	Quiet, Back                   connection interrupted,    NetworkInterrupted,
//	                              connection resumed         NetworkResumed
//	Left                          disconnected               Disconnected
//	netcodetest.Check             sync test                  SyncTestSession
//	Viewer                        spectator                  SpectatorSession
//
// And these have one meaning throughout:
//
//   - A member is a machine as the others of a match see it; a view is the set of
//     members at a time, numbered. The ballot chooses the next one.
//   - A row is a confirmed frame: the inputs that led to it, and its hash.
//   - A mark is a frame whose hash machines compare.
//   - A cue is an effect that Step sets off, such as a sound (package cues).
//   - Terms are what everybody agreed before the first frame.
//
// # What it never does
//
// It opens no socket, reads no clock, starts no goroutine, takes no lock, and
// allocates nothing after NewSession (a [*DesyncError] excepted). It calls the
// game only inside NewSession and Advance. No packet can make it panic; a panic
// means that the engine broke its own rule, and names the frame. It does not
// hide anything from a player: every machine has everybody's inputs.
//
// In the browser it is the same code; only one tab's loop may call it, and
// package rtc keeps that loop running while the tab is hidden.
//
// The packets are described in PROTOCOL.md.
package netcode
