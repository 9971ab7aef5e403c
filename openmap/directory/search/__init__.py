"""The search among the structures of the directory: from a question to a ranked list that says why."""
