"""The list of runs: a cache over the run folders, which stay the truth."""
