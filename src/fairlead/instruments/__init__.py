"""Hooks into other people's libraries: each file translates one library, and decides nothing."""
