"""Files read as tables, by Arrow."""
