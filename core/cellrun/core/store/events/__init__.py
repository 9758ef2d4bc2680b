"""What a run logged: one file per writer, written whole line by whole line, read on from a cursor."""
