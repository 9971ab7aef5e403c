"""Scripts that make what the repository keeps: run by hand, never by the application."""
