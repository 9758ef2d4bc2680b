"""A run's files on their way home from a machine that shares no disk with this one. Standard library only."""
