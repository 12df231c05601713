"""Executes a snippet statement by statement inside its process."""
