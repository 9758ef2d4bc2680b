"""Lines of a run from a machine that does not share the disk, each kept once."""
