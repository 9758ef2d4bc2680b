"""Carries what the notebook's functions need besides their pickles: the names they read, and their sources."""

from __future__ import annotations

import linecache
from types import FunctionType

from cellrun.core.context.manifest import Source
from cellrun.magics.capture.analysis import Certainty, Read, Text
from cellrun.magics.capture.code_reads import code_reads
from cellrun.magics.capture.found import Found
from cellrun.magics.capture.notebook import Notebook


class CodeCarrier:
    """Carries the sources of functions."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._sources: dict[str, Source] = {}

    def find(self, function: FunctionType, read: Read) -> Found:
        """Return what a function of the notebook reads, imports and names."""
        reads = code_reads(function.__code__)
        self._keep_source(function.__code__.co_filename)
        where = function.__qualname__
        return Found(
            reads=[
                Read(
                    each.name,
                    each.line,
                    where,
                    Certainty.POSSIBLE if each.is_possible else min(Certainty.LIKELY, read.certainty),
                    read.bound,
                )
                for each in reads.names
            ],
            modules=set(reads.modules),
            texts=[Text(text, function.__code__.co_firstlineno, where) for text in reads.texts],
        )

    def pack(self) -> dict[str, Source]:
        """Return the sources, by the file names that the functions have."""
        return self._sources

    def _keep_source(self, filename: str) -> None:
        if filename not in self._sources:
            lines = linecache.getlines(filename)
            if lines:
                self._sources[filename] = Source(self._notebook.title_of(filename) or filename, "".join(lines))
