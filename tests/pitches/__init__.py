"""The choice of the pitches."""
