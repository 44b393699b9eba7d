"""What it costs a control plane to take in what agents measure, to keep it and to tell it."""
