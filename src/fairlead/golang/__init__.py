"""Go programs with the agent inside them, built without touching their code."""
