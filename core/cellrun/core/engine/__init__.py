"""What an engine (Slurm, Ray) starts as its job: a run's supervisor, and all beside it. Standard library only."""
