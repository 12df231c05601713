"""What runs inside a snippet's process: standard library only, Python 3.10 or newer."""
