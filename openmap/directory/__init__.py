"""Structures and buyers."""
