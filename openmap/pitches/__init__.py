"""The choice of the pitches: jury, conflicts, readings, deliberation; then coaching and the order of passage."""
