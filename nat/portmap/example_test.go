package portmap_test

import (
	"context"
	"fmt"
	"time"

	"github.com/punchback/punchback/nat/portmap"
)

func ExampleMap() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	m, err := portmap.Map(ctx, portmap.Request{Port: 40000})
	if err != nil {
		fmt.Println(err) // no router, or one that opens no ports
		return
	}
	defer m.Close()
	fmt.Println(m.External(), m.Protocol(), m.Nested())
}
