"""``fairlead assess``: what the agent costs in the user's own app."""
