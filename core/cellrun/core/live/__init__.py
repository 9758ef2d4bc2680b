"""A run as its views are sent it: polled by one reader, in numbered frames of what is new."""
