//go:build tools

// Package moby pins the newest Docker Engine (29 and after), which is tested beside that of the distribution.
package moby

import _ "github.com/moby/moby/v2/cmd/dockerd"
