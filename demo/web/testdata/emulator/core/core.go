// Package core is an emulator as others have written them: a processor, 256 KiB of
// memory, a picture, pads, and its state as bytes. It knows nothing of networks.
package core

import "encoding/binary"

// Sizes. The picture is a byte for each pixel, and the last part of memory.
const (
	Memory = 256 << 10
	Width  = 128
	Height = 96
	Screen = Memory - Width*Height
	speed  = 32000 // instructions in a frame at most
)

// Machine is the whole of it.
type Machine struct {
	r    [16]uint32
	pc   uint32
	pads [2]uint8
	mem  [Memory]byte
}

// Instructions have four bytes: what, and up to three registers or a number.
const (
	frame = iota // wait for the next one
	set          // a = number
	add          // a = b + c
	xor          // a = b ^ c
	mul          // a = b * c
	and          // a = b & c
	shift        // a = b >> number
	load         // a = byte at b
	store        // byte at b = a
	pad          // a = pad of number b
	loop         // a--, and if it is not 0 jump by number
)

// program moves two beams by the pads, and keeps all of memory busy.
var program = []byte{
	pad, 1, 0, 0,
	pad, 2, 1, 0,
	add, 5, 5, 1,
	add, 6, 6, 2,
	mul, 3, 3, 8,
	add, 3, 3, 5,
	xor, 3, 3, 6,
	set, 7, 16, 0, // rounds
	shift, 9, 3, 7, // 8
	add, 4, 4, 9,
	and, 4, 4, 11,
	load, 10, 4, 0,
	add, 10, 10, 3,
	store, 10, 4, 0,
	loop, 7, 0xff, 0xe8,
	and, 9, 5, 13, // the beams
	add, 9, 9, 14,
	store, 15, 9, 0,
	and, 9, 6, 13,
	add, 9, 9, 14,
	store, 15, 9, 0,
	frame, 0, 0, 0,
}

// New is a machine that has just been switched on.
func New(seed uint64) *Machine {
	m := &Machine{}
	copy(m.mem[:], program)
	m.r[3], m.r[8], m.r[11] = uint32(seed)|1, 1664525, 1<<17-1
	m.r[12], m.r[13], m.r[14], m.r[15] = 0, 1<<13-1, Screen, 255
	m.r[4] = 1 << 16
	return m
}

// Frame runs the machine for a frame.
func (m *Machine) Frame(pads [2]uint8) {
	m.pads = pads
	for range speed {
		i := m.mem[m.pc%Memory&^3:]
		a, b, c := &m.r[i[1]&15], &m.r[i[2]&15], &m.r[i[3]&15]
		m.pc += 4
		switch i[0] {
		case frame:
			m.pc = 0
			return
		case set:
			*a = uint32(i[2])<<8 | uint32(i[3])
		case add:
			*a = *b + *c
		case xor:
			*a = *b ^ *c
		case mul:
			*a = *b * *c
		case and:
			*a = *b & *c
		case shift:
			*a = *b >> (i[3] & 31)
		case load:
			*a = uint32(m.mem[max(*b, 1024)%Memory])
		case store:
			m.mem[max(*b, 1024)%Memory] = byte(*a)
		case pad:
			*a = uint32(m.pads[i[2]&1])
		case loop:
			if *a--; *a != 0 {
				m.pc += uint32(int32(int16(binary.BigEndian.Uint16(i[2:]))))
			}
		}
	}
	m.pc = 0
}

// Picture is what it shows.
func (m *Machine) Picture() []byte { return m.mem[Screen:] }

// SaveState appends all of its state.
func (m *Machine) SaveState(b []byte) []byte {
	for _, r := range m.r {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	b = binary.LittleEndian.AppendUint32(b, m.pc)
	return append(append(b, m.pads[:]...), m.mem[:]...)
}

// LoadState becomes what SaveState wrote.
func (m *Machine) LoadState(b []byte) {
	for i := range m.r {
		m.r[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	m.pc = binary.LittleEndian.Uint32(b[64:])
	copy(m.mem[:], b[68+copy(m.pads[:], b[68:]):])
}
