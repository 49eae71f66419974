package main

import (
	"runtime"
	"syscall"
)

// quietly runs work on a thread of the lowest priority, so that the game that
// is being played has the processor first. The thread ends with it.
func quietly(work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: nobody else gets this thread
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), 19)
		done <- work()
	}()
	return <-done
}
