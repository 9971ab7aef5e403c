"""Seeded instances and the measurements that the README quotes."""
