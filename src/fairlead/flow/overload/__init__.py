"""Strategies that say how many requests a process has the strength for."""
