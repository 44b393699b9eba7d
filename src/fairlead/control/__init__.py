"""The control plane: stores what people wrote, and tells every workload what follows from it."""
