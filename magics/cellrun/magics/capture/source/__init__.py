"""What a source tells of what it reads and writes: pure data, nothing is run and no namespace is looked at."""
