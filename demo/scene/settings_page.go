//go:build cgo || windows || js

package scene

import "github.com/punchback/punchback/demo/view"

// settingsPage is where they are chosen. Each counts at once; a delay and the way through
// the relay count from the next match and room on.
type settingsPage struct {
	menu menu
	t    float32
}

func newSettings(a *app) scene { return &settingsPage{menu: menu{items: a.settings.items()}} }

func (p *settingsPage) name() string { return "settings" }

func (p *settingsPage) close(a *app) { keep("settings", a.settings.text()) }

func (p *settingsPage) update(a *app) scene {
	p.t++
	p.menu.lay(&a.frame, settingsTop, noteTop)
	if !a.frame.tall() {
		p.menu.w, p.menu.x = settingsWidth, (unitsWide-settingsWidth)/2
	}
	was := a.settings
	picked := p.menu.update(&a.keys)
	a.settings.take(p.menu.items, picked)
	if a.apply(); a.settings != was {
		a.speaker.Blip(true)
	}
	if a.keys.back || picked == itemDone {
		return newTitle(a)
	}
	return p
}

// apply has the settings count.
func (a *app) apply() { a.speaker.Volume(float64(a.settings.volume) / loudest) }

func (p *settingsPage) draw(b *view.Brush, a *app) {
	b.Sky(p.t*0.3, 0, p.t)
	b.Rect(0, -view.Height, view.Width, 4*view.Height, view.Ink.Fade(0.35))
	b.Shout("Settings", view.Width/2, 60, 3, view.Gold)
	drawMenu(b, &p.menu, a.tick)
}
