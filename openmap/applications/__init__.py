"""A structure's file for an edition, with its attachments, and what organisers make of it."""
