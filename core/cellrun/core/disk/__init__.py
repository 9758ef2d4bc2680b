"""Files on a disk that others may write to as well: read without trust, written whole, whose they are, locked."""
