"""The application's own files: settings, documents, drafts and open tabs."""
