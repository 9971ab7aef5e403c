"""Signing in: one-use links, passwords with a second factor, sessions."""
