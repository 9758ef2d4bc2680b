"""The processes of this machine: their table, those of a run. Standard library only."""
