"""The same three services alone, with the agent in them, and with Envoys beside them."""
