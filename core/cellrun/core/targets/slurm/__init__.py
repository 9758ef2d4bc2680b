"""The target of kind slurm: a cluster's own queue, through its own programs. Standard library only."""
