"""What users hold: datasets of files and of tables, made, registered, given to a run."""
