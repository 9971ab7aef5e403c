"""What a buyer does with what the search finds: lists with notes, comparison, messages, searches that keep watch."""
