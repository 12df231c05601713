"""The window of examples: by topic, with what runs here now and what can be installed."""
