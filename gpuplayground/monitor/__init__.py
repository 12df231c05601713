"""Half one, without Qt: what the GPUs are doing."""
