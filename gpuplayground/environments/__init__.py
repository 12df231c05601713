"""Python environments: finding interpreters, probing their frameworks, and the examples."""
