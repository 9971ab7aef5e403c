"""What other programs read of us: the API of public data, and the map of public pages for search engines."""
