"""Which rows of text files are names of columns."""

from __future__ import annotations

from enum import IntEnum


class PromoteHeadersBehavior(IntEnum):
    """Which files' first rows are names of columns (Azure ML's name)."""

    NO_HEADERS = 0
    """None's: columns are Column1, Column2 and so on."""
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    """The first file's; the others have the same columns in the same order."""
    COMBINE_ALL_FILES_HEADERS = 2
    """Each file's own; a table has the columns of all, and what a file hasn't got is missing."""
    ALL_FILES_HAVE_SAME_HEADERS = 3
    """Each file's, which all have the same columns."""


class SkipLinesBehavior(IntEnum):
    """Of which files the first lines are passed over (Azure ML's name)."""

    NO_ROWS = 0
    FROM_FIRST_FILE_ONLY = 1
    FROM_ALL_FILES = 2
