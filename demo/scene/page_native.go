//go:build !js && (cgo || windows)

package scene

const canQuit = true

// tell does nothing here: there is no page that asks.
func (a *app) tell() {}
