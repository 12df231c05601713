"""The subcommands of ``gpuplayground``: each composes the halves for one job without a window."""
