"""The snippet process's channel to the session, and its standard streams."""
