"""People: who is who and may do what, the journal of what they did, and what is known of them."""
