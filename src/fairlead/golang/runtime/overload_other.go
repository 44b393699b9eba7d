//go:build !unix

package fairlead

import "time"

func processTime() time.Duration { return 0 }

func openDescriptors() float64 { return 0 }
