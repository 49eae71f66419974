// Package netcode keeps one game in step on several machines with rollback:
// it steps the game at once, on a guess of what the others do. When a guess was
// wrong, it rolls the game back and steps it again.
//
// # Where to start
//
// For an online game, import netcode and netcode/rtc and start from demo/pong, a
// whole online game in one file. This package opens no socket. It sends and
// receives through a [Transport]: a match of package rtc is one, and package
// simnet simulates one for tests and split screens.
//
//	session, err := netcode.NewSession(plain.New(&state, step), match, match.Config())
//	…
//	in := netcode.Input{Bits: buttons, Command: order} // sixty times a second
//	err = session.Advance(in)
//	if refused := new(netcode.InputError); errors.As(err, &refused) {
//		in.Command = nil // too long, or one too many: the match goes on
//		err = session.Advance(in)
//	}
//	if err != nil {
//		return err // the match is over
//	}
//	draw(&state)
//
// # The rules of Step
//
// A Game has three methods. Step makes the next frame, Save appends the whole
// state, and Load restores it. Package plain provides Save and Load for a state
// that is a Go struct without pointers. All machines step the same inputs, so Step
// must give the same result on all of them:
//
//  1. It reads the state and the inputs and nothing else: no clock, no package
//     math/rand, no global variable, no goroutine. Random numbers are a fixed.Rand
//     in the state, seeded with Terms.Seed.
//  2. It uses no floats. On arm64 Go fuses a*b+c into one rounding; on amd64 and in
//     WASM it does not. Package fixed has numbers, vectors and trigonometry that are
//     the same everywhere.
//  3. It does not range over a map: the iteration order is random.
//  4. The whole game is in the state: anything that is not saved is not rolled
//     back. Equal states save equal bytes.
//  5. It plays no sound and starts no particle: a repaired frame would start it
//     twice. It emits a cue, which is drawn once (package cues).
//  6. It finds edges itself. Input.Bits holds the buttons that are down, and they
//     are predicted to stay down. To see a press, keep the last Bits in the state.
//     An action that happens once (an order, a card, a chat line) is an
//     Input.Command, which is predicted to be absent.
//
// Inputs and their Commands are valid during the call only.
//
// Three functions of package netcodetest find a broken rule and name the frame and
// the field: Check rolls the game back in every frame, Converge plays it over
// hostile networks, and Golden plays replays on every platform that you test on.
// NewSession checks, too: it steps the game a few frames and rolls it back.
//
// # Frames
//
// Frame 0 is the state before the first step. The inputs of frame f lead from
// state f-1 to state f. At any moment there are three marks:
//
//	Confirmed  ≤  Complete  ≤  Frame + Delay,   Frame  ≤  Complete + Window
//
// Complete (see [Stats]) is the last frame for which this machine holds everybody's
// input. Frames on screen beyond it rest on predictions. Window is how far the
// screen may run beyond Complete, 8 frames by default. At its end Advance waits,
// which is no error.
//
// Confirmed is the last frame that every machine is known to hold completely.
// Nobody can change it any more. Show results and save scores only up to this
// frame; recorders and hashes see only confirmed frames. Every confirmed frame is
// hashed, and every 32 frames machines compare a hash of all of them: if two machines
// ever made different states of the same inputs, even for a single frame, Advance
// returns a [*DesyncError].
//
// # Packets
//
// Each machine sends each other one a packet in every tick, and in every second one
// while no input changes and the other does not wait for more. That costs a tick or two
// of confirmation and nothing else: what changes goes at once. Config.EveryTick turns
// it off.
//
// # Large states
//
// Saving a large state in every frame costs more than the rest of a game. From 32 KiB
// on (SparseSize) a session saves sparsely: it holds six states in most matches, and
// hashes only those of frames that are multiples of 32. A rollback then begins up to
// eight frames earlier, where the last state is; the next one hardly does. A
// difference is seen if it is still there at a multiple of 32, and is named by its
// first frame all the same, as far as Step repeats itself. Replays have hashes and
// states of those frames only. Config.Saving chooses otherwise, on all machines alike.
//
// # Held and done
//
// An [Input] has Bits, which are held, and may have a Command, which is done once.
// Bits are predicted to stay as they were. A Command is predicted to be absent, so
// it is never done twice and never in part. A game that can guess better implements
// [Predictor].
//
// Every Command gets a frame of its own, in the order given, one per seat and frame.
// Commands that must wait are queued, up to [MaxQueued]; one more is refused. A seat
// may spend [MaxSpend] bytes a second. On a line that is too narrow for that, Commands
// wait longer, and the match goes on at full speed.
//
// len(in) of Step is Players in every frame. Seats without a player ([Nobody] in
// Config.Seats, and players who have left) are Absent.
//
// # Delay, rollbacks or waiting
//
// An input takes time to reach the other machine, and somebody pays for it. Delay is
// the number of frames between giving an input and its effect, on all machines
// alike. If it is as long as the trip, inputs arrive before they are needed. If it
// is shorter, the rest is predicted and perhaps repaired. Each seat has its own
// delay, 0 to [MaxDelay], and [Session.SetDelay] changes it during a match.
//
//   - A delay of 2 (the default) is hardly felt, and avoids most rollbacks between
//     players who are near.
//   - [Auto] measures the path and follows it, from 1 to 6 frames: at once when the
//     path gets longer, slowly when it gets shorter, and not at all for a spike.
//   - [Lockstep], a window of none, never predicts. A frame is stepped once, when
//     everybody's input for it is here, and no state is ever loaded. It needs a delay
//     as long as the trip one way, or it waits in every frame. With Auto it has that
//     delay, up to MaxDelay. Each frame is still saved once, for its hash. Use it for
//     games that are too slow to be stepped again.
//
// # One tick
//
// Advance is one tick. Call it Terms.Rate times a second: in Ebiten, once in each
// Update with the TPS set to Rate. Call it also when nothing moves, because it sends
// one packet to each machine. It steps one frame, or none while it waits or lets the
// others catch up, or two to catch up itself. The only clock is the number of calls,
// so timeouts are in ticks and every test can be repeated exactly.
//
// A machine whose ticks stop for a while (a hidden tab, a long garbage collection)
// holds the others up once their windows are full, and then catches up with two
// frames a tick. The events [Quiet] and [Back] let the game show it. A machine whose
// clock is faster skips a tick now and then, so that all have the same share of
// rollbacks.
//
// Not every tick gives a frame its Bits. A skipped tick hands them on to the next
// frame if they would be lost otherwise, so a button held for a single tick is never
// lost by a skip. A tick that waits, or falls into a delay that becomes shorter,
// forgets its Bits; [Stats].Forgot counts those. Commands are never forgotten.
//
// # Seats, machines, peers
//
// A seat is a player, 0 to Players-1. A machine is a process that plays: it has one
// Session and any number of seats. In the network it is a [Peer], a number that the
// room gave it. Config.Seats says which peer has which seat; all machines have the
// same. A machine with two seats gives two Inputs to Advance, in order of seats, and
// sends one packet.
//
// # Leaving, and lost machines
//
// Leave says goodbye; call Advance until Done. Of three and more machines the others
// go on without waiting: they agree on the leaver's last frame while it plays on for
// about two round trips with nothing held. Then they get the event [Left], and its
// seats are Absent. A machine that nobody has heard for Terms.Timeout ticks is left
// out in the same way. That takes the timeout and about three round trips, in which
// frames wait. A broken link between two machines is no reason: the others pass on
// their packets. A [Transport] that is a [Disconnecter] saves the timeout when it
// knows that a machine has gone for good; that of package rtc does.
//
// The same holds before the first frame. A machine that does not come within
// Terms.Timeout ticks is left out, with a Left event of frame 0. If it comes after
// all, it ends with a [*SplitError] that says so. A pair without a link plays by what
// the others pass on.
//
// To go on, more than half of the machines must hear one another, or half including
// the lowest seat; those that have said goodbye do not count. A machine on the other
// side, or one that was left out, confirms nothing more and ends with a
// [*SplitError]. There is never a second history. The last machine ends with a
// [*LeftError], and so do both of two that lose each other.
//
// # When Advance returns an error
//
// An [*InputError] refuses what Advance was given: too long a Command, one more than
// can wait, or too many Inputs. No tick has passed and the match goes on. Call
// Advance again without it.
//
// After any other error the match is over, and each later call returns the same
// error. Show it, and close what the Session played on:
//
//   - [*LeftError] is the common end. The result up to Confirmed stands.
//   - [*SplitError]: this machine's connection was too bad, or it came too late.
//   - [*DesyncError] is a mistake in the game. Save its Dump.
//   - [*TermsError] comes before the first frame: two machines have different builds
//     or settings.
//
// A [Transport] that is an [Ender] gets the error as well, even if the game drops it.
// In the browser, that of package rtc lets the page show it.
//
// # Replays and spectators
//
// A match is its confirmed [Row]s, in order. Each [Recorder] in Config.Recorders
// gets them. A [Viewer] plays the rows of a [Source] with the same game, one a call,
// forwards or from any frame on. Spectators and replays are the same thing. Package
// replay keeps rows in a file.
//
// # Words
//
// GGPO and GGRS have other words for the same things:
//
//	here                          GGPO                       GGRS
//	Player, a seat                player                     player handle
//	Peer, a machine               remote player, endpoint    address
//	frame on screen               current frame              current frame
//	Complete                      last confirmed frame       confirmed frame
//	Confirmed                     -                          -
//	Window                        prediction barrier         max prediction window
//	Delay                         frame delay                input delay
//	SaveSparse                    -                          sparse saving
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
// These words have one meaning throughout:
//
//   - A member is a machine as the others of a match see it; a view is the set of
//     members at a time, numbered. The ballot chooses the next one.
//   - A channel is what this machine and a peer know of each other's inputs and clocks;
//     the channels of a link, which carry packets, are those of package punch.
//   - A row is a confirmed frame: the inputs that led to it, and its hash.
//   - A mark is a frame whose hash machines compare.
//   - A cue is an effect that Step sets off, such as a sound (package cues).
//   - Terms are what everybody agreed before the first frame.
//
// # What it never does
//
// It opens no socket, reads no clock, starts no goroutine, takes no lock, and
// allocates nothing after NewSession, except for a [*DesyncError], and for up to four
// more states when the confirmed frame falls back further than ever before. It calls the
// game only inside NewSession and Advance. No packet can make it panic: a panic
// means that the engine broke its own rule, and names the frame. It hides nothing
// from a player, since every machine has everybody's inputs.
//
// In the browser it is the same code. Only one tab's loop may call it, and package
// rtc keeps that loop running while the tab is hidden.
//
// PROTOCOL.md describes the packets.
package netcode
