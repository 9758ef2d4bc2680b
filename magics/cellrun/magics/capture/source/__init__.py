"""Static analysis of a cell's source: what it reads and writes. Nothing is run, no namespace is read."""
