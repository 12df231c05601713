"""The window of the environments that the application made."""
