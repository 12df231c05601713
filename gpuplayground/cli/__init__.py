"""The command line: one module per subcommand, listed in :mod:`gpuplayground.cli.commands`."""
