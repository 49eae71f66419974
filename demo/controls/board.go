package controls

// Keys of a Board that are no letters.
const (
	Erase = '\b'
	Enter = '\n'
)

// Board is a keyboard on the screen, for a finger or a gamepad: a cursor is moved from
// key to key. It knows no text; its owner takes what Tap and Press give.
type Board struct {
	rows       [][]rune
	x, y, w, h float64
	row, col   int
}

// NewBoard makes a keyboard of these rows of letters. The last row ends with the keys
// Erase and Enter.
func NewBoard(rows ...string) *Board {
	b := &Board{}
	for _, row := range rows {
		b.rows = append(b.rows, []rune(row))
	}
	last := len(b.rows) - 1
	b.rows[last] = append(b.rows[last], Erase, Enter)
	return b
}

// Place gives the keyboard its part of the screen, in pixels.
func (b *Board) Place(x, y, w, h float64) { b.x, b.y, b.w, b.h = x, y, w, h }

// Tap is the key at a point.
func (b *Board) Tap(x, y float64) (key rune, ok bool) {
	for r, row := range b.rows {
		for c := range row {
			if kx, ky, kw, kh := b.key(r, c); x >= kx && x < kx+kw && y >= ky && y < ky+kh {
				b.row, b.col = r, c
				return row[c], true
			}
		}
	}
	return 0, false
}

// Press is the key at the cursor.
func (b *Board) Press() rune { return b.rows[b.row][b.col] }

// Move moves the cursor, around the edges.
func (b *Board) Move(s Stick) {
	if s&(Up|Down) != 0 {
		was := len(b.rows[b.row])
		b.row = (b.row + len(b.rows) + step(s, Up, Down)) % len(b.rows)
		b.col = b.col * len(b.rows[b.row]) / was // what stands above or below
	}
	n := len(b.rows[b.row])
	b.col = (b.col + n + step(s, Left, Right)) % n
}

func step(s, back, on Stick) (d int) {
	if s&back != 0 {
		d--
	}
	if s&on != 0 {
		d++
	}
	return d
}

// key is where a key stands. The keys of a row share its width.
func (b *Board) key(row, col int) (x, y, w, h float64) {
	w, h = b.w/float64(len(b.rows[row])), b.h/float64(len(b.rows))
	return b.x + float64(col)*w, b.y + float64(row)*h, w, h
}

// label is what stands on a key.
func label(key rune) string {
	switch key {
	case Erase:
		return "<-"
	case Enter:
		return "OK"
	case ' ':
		return "space"
	}
	return string(key)
}
