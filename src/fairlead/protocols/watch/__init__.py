"""The default wire of the agent: snapshots down, acknowledgements and instances up; JSON lines."""
