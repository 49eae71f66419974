package scene

// Where things stand on the screen that could be in each other's way.
const (
	titleTop                   = 146
	noteTop                    = 360 - 25 // of what is said at the foot
	settingsTop, settingsWidth = 124, 340

	menuRow   = 36
	menuWidth = 220
	tallRow   = 60 // of a menu on a high screen
	tallWidth = 440

	entryTop    = 8 // of the card, where there is a keyboard on the screen:
	boardTop    = 146
	boardHeight = 206
	tallBoard   = 260 // where there is more room

	lobbyTop    = 40 // of the card
	lobbyHeight = 262
	lobbyRows   = 154 // the first member
	memberRow   = 18
	nameLetters = 21 // of a member's name,
	wordLetters = 34 // and of how it is with it
	lobbyBar    = lobbyTop + lobbyHeight - 30
	statusRow   = 14
	statusLines = 3

	adviceTop     = lobbyTop + lobbyHeight + 5 // where the lobby has no choice
	adviceLines   = 2
	adviceLetters = 84
	adviceLeft    = 16

	cardTop   = 360 - 46     // of a player's card in a match; above it stands what is wrong with it,
	legendTop = cardTop - 44 // and above that which keys to press, or who is not heard

	sheetTop   = 34  // above the winner
	sheetLines = 5   // small ones
	sheetEnd   = 160 // below every sheet: what is drawn from here on covers none
)

// What stands at the foot of scenes.
const (
	chooseHint = "Enter: choose    "
	leaveHint  = "Escape: back to the title    "
	saveHint   = "F2: save a report for the developer"
)

// rows is how many of n members the lobby lists, and how high each row is.
func rows(n int) (shown, height int) {
	switch {
	case n <= 4:
		return n, memberRow
	case n == 5:
		return n, statusRow
	}
	return 4, statusRow
}

// statusTop is where the first of n lines stands, which all stand above the bar.
func statusTop(n int) int { return lobbyBar - 3 - n*statusRow }

// sheetHeight is that of a sheet with n lines, and one below for what to press.
func sheetHeight(n int, size float32) float32 { return 46 + float32(n)*15*size }
