"""What runs inside a job that is a cell."""
