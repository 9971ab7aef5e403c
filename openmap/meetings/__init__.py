"""Wishes, the plan and its versions; ``planning`` is the only door to the scheduler."""
