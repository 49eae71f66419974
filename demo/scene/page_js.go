package scene

const canQuit = false

// tell puts globalThis.punchback.stats where tests and curious people find it.
func (a *app) tell() {}
