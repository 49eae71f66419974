package server

import "time"

func init() { lookAgain = 100 * time.Millisecond }
