"""The processes of this machine: their table, those of a run, how one has ended. Standard library only."""
