"""One snippet from source to finished run."""
