"""The sweep window: benchmarks of implementations over the values of a variable."""
