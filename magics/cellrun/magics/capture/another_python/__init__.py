"""A target whose Python is another one: what it lacks, what can be made again there from source, what can't go."""
