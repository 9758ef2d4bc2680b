"""A run's files, synchronized from a machine that shares no disk with this one. Standard library only."""
