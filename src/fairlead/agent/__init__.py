"""The data plane as one object in a stranger's process."""
