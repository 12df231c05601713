"""Python environments: interpreters, their frameworks, the doctor and the examples."""
