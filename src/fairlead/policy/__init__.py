"""Compiled policy: frozen data and pure matching, the only thing both sides share."""
