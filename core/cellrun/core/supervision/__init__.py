"""What stands beside a submitted run: it starts the job, watches it, ends it. Standard library only."""
