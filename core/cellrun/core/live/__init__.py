"""A run as its views are told of it: looked at by one reader, in numbered frames of what is new."""
