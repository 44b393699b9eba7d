"""``fairlead analyze``: what is wrong with files, or with what a control plane holds."""
