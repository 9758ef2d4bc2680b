"""What Azure ML's RunConfiguration says of a run, its parts, and the file that it is kept in."""
