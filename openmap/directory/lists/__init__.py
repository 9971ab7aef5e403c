"""Lists of structures brought in: read, recognised, judged line by line, compared with what is known, saved."""
