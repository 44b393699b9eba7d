"""Wires between the two sides: each keeps its rules apart from its sockets."""
