"""Half two, without Qt: running and timing snippets."""
