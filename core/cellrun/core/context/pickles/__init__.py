"""Pickles of a notebook's values, and what they are made again by."""
