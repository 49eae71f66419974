package scene

// Where things stand on the screen that could be in each other's way.
const (
	lobbyTop    = 40 // of the card
	lobbyHeight = 262
	lobbyRows   = 154 // the first member
	memberRow   = 18
	lobbyBar    = lobbyTop + lobbyHeight - 30
	statusRow   = 14
	statusLines = 3

	sheetTop   = 34  // above the winner
	sheetLines = 5   // small ones
	sheetEnd   = 160 // below every sheet: what is drawn from here on covers none
)

// statusTop is where the first of n lines stands, which all stand above the bar.
func statusTop(n int) int { return lobbyBar - 3 - n*statusRow }

// sheetHeight is that of a sheet with n lines, and one below for what to press.
func sheetHeight(n int, size float32) float32 { return 46 + float32(n)*15*size }
