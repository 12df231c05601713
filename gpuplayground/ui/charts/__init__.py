"""What charts of benchmarks share: ticks, layout, pictures."""
