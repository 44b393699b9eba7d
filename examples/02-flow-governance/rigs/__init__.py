"""What happens to services under load, without governance and with it."""
