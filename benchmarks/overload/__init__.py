"""How well overload protection protects: a simulator, and sets that nothing is tuned on."""
