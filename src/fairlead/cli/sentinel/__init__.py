"""``fairlead sentinel``: rules of Sentinel's JSON as objects of ours, and back."""
