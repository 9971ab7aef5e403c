"""Workbooks that people fill in: a template with help and drop-downs, read back with every fault in its place."""
