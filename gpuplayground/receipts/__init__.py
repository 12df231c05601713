"""What a run took: memory, energy, GPU use, and verdicts on its benchmarks."""
