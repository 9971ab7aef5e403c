"""The needs room."""
