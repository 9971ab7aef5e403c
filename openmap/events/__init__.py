"""Editions: programme, slots, tables and stands, and their public pages."""
