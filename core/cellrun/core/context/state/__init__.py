"""State of libraries and of the interpreter that a cell's output depends on: one table of what is captured."""
