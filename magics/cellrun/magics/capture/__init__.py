"""The capture of a cell: what it needs from its notebook, so that it prints elsewhere what it would print here.

analysis (source alone) -> needs (the live names that it means) -> carriers (one per kind of thing) -> the run folder.
"""
