"""Channel to the session and standard streams of the snippet's process."""
