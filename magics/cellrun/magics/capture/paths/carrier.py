"""Carries the files that texts, scripts and paths in code lead to, and follows what scripts among them need."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.pickles.pickling import Store
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.local.local_modules import find_beside
from cellrun.magics.capture.local.module_source import module_source
from cellrun.magics.capture.paths.expressions import path_of
from cellrun.magics.capture.paths.files import Files
from cellrun.magics.capture.paths.shipment import Links, cell_folder
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Analysis, Certainty, Outside, Pieces, Read, Text
from cellrun.magics.capture.source.flow import analyse

_ENV_FILE_READERS = ("dotenv", "decouple", "environs", "pydantic_settings")
_WITH_MAGICS = frozenset({".ipynb", ".ipy"})
_HERE = frozenset({".", "*"})  # what lists all that is in the notebook's folder
_MOST_NAMED = 10  # of what a run's folder holds


class FileCarrier(Carrier):
    """Carries files, and what a script among them needs in turn."""

    def __init__(self, cell: CapturedCell, modules: ModuleCarrier) -> None:
        self._notebook = cell.notebook
        self._imported = cell.analysis.modules
        self._shipment = cell.shipment
        self._links = Links(cell.notebook.folder, cell.place)
        self._files = Files(cell.notebook.folder, cell.place, cell.shipment, self._links)
        self._modules = modules
        self._listed: list[Text] = []  # where code lists the notebook's folder
        self._scripts: set[str] = set()
        self._programs: set[str] = set()
        self.found_in_folders: set[str] = set()
        """Top-level modules that are found once the cell has entered a folder, or added one to `sys.path`."""

    @property
    def has_env_file(self) -> bool:
        """Whether a `.env` file is read in the run."""
        return self._files.has_env_file

    def follow(self, found: Found) -> Iterator[Found]:
        """Take the files that paths, texts and scripts lead to; iterate over what scripts need in turn."""
        yield from self._follow_outside(found.outside)
        yield from self._follow_texts(chain(found.texts, found.paths))
        for pattern in found.patterns:
            yield Found(found.read, modules={*self._files.take(pattern, is_pattern=True)})
        for script in found.scripts:
            yield from self._follow_script(script)

    @property
    def _cell_folder(self) -> PurePath:
        """Where below the working folder the cell runs."""
        reached = [*self._shipment.paths("file"), *self._links.paths()]
        return cell_folder(self._notebook.folder, self._files.steps_up, reached, self._shipment.paths("module"))

    def find_once(self) -> Iterable[Found]:
        """Let the run read the `.env` file that is found here, if the cell needs a module that reads one."""
        met = self._modules.met()
        place = next((met[each] for each in _ENV_FILE_READERS if each in met), None)
        if place is not None:
            self._files.take_env_file(place)
        return ()

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return why files can't go along."""
        del values_folder
        return [*self._shipment.check(self._cell_folder), *self._links.refusals()]

    def copy_to(self, snapshot: Path) -> None:
        """Copy what is copied into the run's folder."""
        self._shipment.pack(snapshot, self._cell_folder)

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with the links, and with the folder in which the cell runs."""
        del store
        folder = self._cell_folder
        return replace(
            context,
            links=self._links.pack(),
            copies=self._links.copies(),
            folder="" if folder == PurePath() else str(folder),
        )

    def account(self) -> Iterable[Need]:
        """Iterate over what is copied, then over what is linked."""
        return chain(self._shipment.account(), self._links.account())

    def notes(self) -> list[str]:
        """Return what is worth saying of files, and of code that lists the notebook's folder, as the run's has less."""
        if not self._listed:
            return self._files.notes()
        paths = (*self._shipment.paths("file"), *self._shipment.paths("module"), *self._links.pack())
        tops = sorted({path.partition("/")[0] for path in paths} - {".."})
        more = f", and {len(tops) - _MOST_NAMED} more" if len(tops) > _MOST_NAMED else ""
        holds = f"what was captured: {', '.join(tops[:_MOST_NAMED]) or 'nothing'}{more}"
        place = self._listed[0].place
        note = f"the notebook's folder is listed ({place}), but the run's folder holds only {holds}"
        return [f"{note}; and cell.py, outputs, logs; `--with FILE` takes more along", *self._files.notes()]

    def _follow_outside(self, outside: Outside) -> Iterator[Found]:
        """Take what paths that are put together lead to."""
        for each in outside.paths:
            text = Text(path_of(each.pieces, self._value_of), each.line, outside.where)
            is_here = text.value != "" and os.path.normpath(text.value) in _HERE
            if (each.is_listed or each.is_globbed) and is_here and self._is_known(each.pieces):
                self._listed.append(text)
            if each.is_listed:
                continue
            if each.is_entered:
                self._files.enter(text.value)
            if each.is_entered or each.is_searched:
                yield from self._follow_searched(text)
            else:
                yield from self._follow_texts([text], is_pattern=each.is_globbed, is_changed=each.is_changed)

    def _value_of(self, path: str) -> object:
        """Return what a dotted name stands for in the notebook, without running anything for it."""
        first, *others = path.split(".")
        value: object = self._notebook.namespace.get(first)
        if value is None and first in self._imported:
            value = sys.modules.get(first)
        for name in others:
            value = inspect.getattr_static(value, name, None)
        return value

    def _is_known(self, pieces: Pieces) -> bool:
        """Whether all that a path is made of is known."""
        return all(isinstance(part, str) or self._value_of(part.name) is not None for part in chain(*pieces))

    def _follow_searched(self, folder: Text) -> Iterator[Found]:
        """Take the modules that the cell imports from a folder that it enters, or adds to `sys.path` itself."""
        waiting, seen = list(self._imported), set()
        while waiting:
            top = waiting.pop()
            if top not in seen:
                seen.add(top)
                for path in (f"{folder.value}/{top}.py", f"{folder.value}/{top}"):
                    if (self._notebook.folder / path).exists():
                        self.found_in_folders.add(top)
                    modules = self._files.take(replace(folder, value=path))
                    waiting += modules
                    yield Found(Read("", folder.line, folder.where), modules={*modules})

    def _follow_texts(
        self, texts: Iterable[Text], *, is_pattern: bool = False, is_changed: bool = False
    ) -> Iterator[Found]:
        for text in texts:
            modules = self._files.take(text, is_pattern=is_pattern, is_changed=is_changed)
            yield from self._need_of_script(text, modules)
            if text.value.endswith(".py"):
                yield from self._follow_program(text)

    def _follow_program(self, text: Text) -> Iterator[Found]:
        """Take the files that a script names, however it is run."""
        file = self._notebook.folder / text.value
        if text.value in self._programs or not os.path.isfile(file):  # noqa: PTH113  # False, never an error
            return
        self._programs.add(text.value)
        source = module_source(file)
        paths = (*(each for each in source.texts if "/" in each or "." in each), *source.paths)
        yield from self._follow_texts(Text(path, 1, text.value) for path in paths)

    def _follow_script(self, script: Text) -> Iterator[Found]:
        """Take what a file needs whose code runs in the cell's namespace."""
        analysis = None if script.value in self._scripts else _analyse_script(self._notebook.folder / script.value)
        self._scripts.add(script.value)
        if analysis is None:
            return
        read = Read("", script.line, script.value)
        reads = [
            replace(read, name=each.name, certainty=min(Certainty.LIKELY, each.certainty))
            for each in chain(analysis.reads, *analysis.definitions.values())
        ]
        yield Found(read, reads=reads)
        yield from self._need_of_script(script, analysis.modules)
        yield Found(read, outside=replace(analysis.outside, where=script.value))
        yield from self._follow_texts(replace(each, where=script.value) for each in analysis.texts)
        for each in analysis.scripts:
            yield from self._follow_script(each)

    def _need_of_script(self, script: Text, modules: Iterable[str]) -> Iterator[Found]:
        """Take the modules that a script imports: those that stand beside it come first."""
        folder = os.path.dirname(script.value)  # noqa: PTH120  # as it stands there
        for top in modules:
            beside = find_beside(self._notebook.folder / folder, top) if folder else []
            if beside:
                yield from self._follow_texts(replace(script, value=f"{folder}/{each}") for each in beside)
            else:
                yield Found(Read("", script.line, script.where), modules={top})


def _analyse_script(file: Path) -> Analysis | None:
    """Return the analysis of a script's code, or of all code cells of a notebook; None if it is none: the run says it.

    As with `%run`, magics are those of notebooks and of `.ipy` files alone.
    """
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix not in _WITH_MAGICS:
            return analyse(text)
        transform = TransformerManager().transform_cell  # type: ignore[no-untyped-call]
        cells = _code_cells(json.loads(text)) if file.suffix == ".ipynb" else [text]
        return analyse("\n".join(map(transform, cells)), transform=transform)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):  # the last two: JSON of another form
        return None


def _code_cells(notebook: Any) -> list[str]:
    """Return the sources of code cells, which a notebook's file has as a text or as a list of lines."""
    cells = [each for each in notebook["cells"] if each["cell_type"] == "code"]
    return ["".join(each["source"]) for each in cells]
