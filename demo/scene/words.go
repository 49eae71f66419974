package scene

import "strings"

// wrapText breaks s at spaces into lines of at most n letters. A longer word
// is cut.
func wrapText(s string, n int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > n {
			lines = append(lines, line)
			line = ""
		}
		for len(word) > n {
			lines = append(lines, word[:n])
			word = word[n:]
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// wrapAtMost is wrapText cut after so many lines.
func wrapAtMost(lines int, s string, n int) []string {
	all := wrapText(s, n)
	if len(all) > lines {
		all = append(all[:lines-1], all[lines-1]+" ...")
	}
	return all
}

// cutText is s with at most n letters.
func cutText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-3]) + "..."
	}
	return s
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// plainWords is an error as a sentence: without the names of the packages it
// came through, since a player has no use for them.
func plainWords(err error) string {
	s := err.Error()
	for {
		head, rest, ok := strings.Cut(s, ": ")
		switch head {
		case "scene", "rtc", "punch", "client", "server", "netcode", "protocol", "lobby", "signaling", "mesh":
		default:
			ok = false
		}
		if !ok {
			break
		}
		s = rest
	}
	if s == "" {
		return "Something failed without a reason."
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}
