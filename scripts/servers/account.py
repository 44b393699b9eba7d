"""What waits in a server that has started: an account that may do everything, an empty database."""

from __future__ import annotations

HOST = "127.0.0.1"
USER = "fairlead"
DATABASE = "mse-demo"
