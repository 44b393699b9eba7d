"""What data planes that are not ours need to find the control plane."""
