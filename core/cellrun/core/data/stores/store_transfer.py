"""A datastore's upload and download: which files, where they go, and what is said of those that don't."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cellrun.core.data.stores.parallel_transfer import bar
from cellrun.core.data.stores.transfer import Side, bring, inside, leads_out, send
from cellrun.core.errors import DatastoreError, UserErrorException, shown
from cellrun.core.front_end import plain

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore

_MOST_NAMED = 3


def side_of(store: Datastore) -> Side:
    """Return a store as a side of a transfer. Raises DatastoreError if it can't be reached."""
    filesystem = store.filesystem()
    if (kind := store.kind) is None:
        return Side(filesystem, where=store.location, local_root=store.local_root)
    return Side(
        filesystem,
        where=store.location,
        translate_errors=filesystem.translate_errors,
        checksum=kind.checksum,
        is_checksum_sure=kind.is_checksum_sure,
        lists_by_prefix=kind.lists_by_prefix,
    )


def upload_folder(
    store: Datastore, folder: Path, target_path: str | None, *, overwrite: bool, show_progress: bool
) -> int:
    """Upload a folder, and return how many files went."""
    if not folder.is_dir():
        advice = "; upload_files takes files" if folder.exists() else ""
        raise UserErrorException(f"src_dir is a folder; {shown(str(folder))} is none{advice}")
    found, left_out = files_below(folder)
    if left_out:
        _warn(f"{_counted(left_out)} of {folder} not uploaded, no plain files in it: {named(left_out)}")
    return _upload(store, found, target_path, overwrite=overwrite, show_progress=show_progress)


def upload_files(  # noqa: PLR0913  # as the verb has them
    store: Datastore,
    files: Sequence[str | os.PathLike[str]],
    root: Path | None,
    target_path: str | None,
    *,
    overwrite: bool,
    show_progress: bool,
) -> int:
    """Upload files, laid out as below a folder, and return how many went."""
    if isinstance(files, (str, os.PathLike)):
        raise UserErrorException(f"files is a list of paths; got {shown(files)}")
    paths = [Path(os.path.abspath(Path(file).expanduser())) for file in files]  # noqa: PTH100  # no link is followed
    if bad := [str(path) for path in paths if not path.is_file()]:
        raise UserErrorException(f"files are files that are there; these aren't: {named(bad)}")
    if not paths:
        return 0
    base = Path(os.path.commonpath([path.parent for path in paths]) if root is None else os.path.abspath(root))  # noqa: PTH100  # as above
    if bad := [str(path) for path in paths if not path.is_relative_to(base)]:
        raise UserErrorException(f"all files are below relative_root, {base}; these aren't: {named(bad)}")
    found = {path.relative_to(base).as_posix(): path for path in paths}
    return _upload(store, found, target_path, overwrite=overwrite, show_progress=show_progress)


def download(store: Datastore, folder: Path, prefix: str | None, *, overwrite: bool, show_progress: bool) -> int:
    """Download the files whose path begins with a text, and return how many came."""
    start = inside(prefix, "prefix")
    if (prefix or "").endswith("/") and start:
        start += "/"
    folder = folder.expanduser()
    if folder.exists() and not folder.is_dir():
        raise UserErrorException(f"target_path is a folder; {shown(str(folder))} is a file")
    side = side_of(store)
    files = {file.path: file for file in side.listed(start)}
    if not files and start:
        raise DatastoreError(store.name, f"has nothing that begins with {start!r}: {store.location(start)}")
    with bar(f"from {store.name}", is_shown=show_progress) as show:
        came = bring(side, files, folder, overwrite=overwrite, show=show)
    if not overwrite and came < len(files):
        others = [
            path
            for path, file in files.items()
            if file.size not in {None, os.path.getsize(folder / path)}  # noqa: PTH202  # 3 times as fast
        ]
        _say_kept(others, str(folder))
    return came


def files_below(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return a folder's files by their paths in it, and what was left out, with why.

    Links are followed to what is in the folder too; what they lead to outside is nobody's wish to upload.
    """
    root = folder.resolve()
    left_out: list[str] = []
    return dict(_walk(folder, "", (root,), root, left_out)), left_out


def _walk(
    folder: Path, below: str, way: tuple[Path, ...], root: Path, left_out: list[str]
) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        name, path = f"{below}{entry.name}", Path(entry.path)
        if entry.is_symlink():
            real = path.resolve()
            if not real.exists():
                left_out.append(f"{name} (a link to nothing)")
                continue
            if not real.is_relative_to(root):
                left_out.append(f"{name} (a link that leads out of it)")
                continue
            if real in way:
                left_out.append(f"{name} (a link to a folder that it is in)")
                continue
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path, f"{name}/", (*way, path.resolve()), root, left_out)
        elif stat.S_ISREG(mode):
            yield name, path
        else:
            left_out.append(f"{name} (no regular file)")


def _upload(
    store: Datastore, found: Mapping[str, Path], target_path: str | None, *, overwrite: bool, show_progress: bool
) -> int:
    if store.kind and store.kind.is_read_only:
        raise UserErrorException(f"the datastore {store.name!r} is only read ({store.location()}): nothing goes there")
    base = inside(target_path, "target_path")
    files = {f"{base}/{name}" if base else name: path for name, path in found.items()}
    if bad := [path for name, path in files.items() if leads_out(name) or not _is_text(name)]:
        raise UserErrorException(f"these names can't be in a store: {named([repr(os.fspath(path)) for path in bad])}")
    side = side_of(store)
    with bar(f"to {store.name}", is_shown=show_progress and bool(files)) as show:
        went = send(side, files, overwrite=overwrite, show=show)
    if not overwrite and len(went) < len(files):
        kept = set(files) - set(went)
        _say_kept(sorted(kept), store.location(base), what="there already")
    return len(went)


def _say_kept(kept: Sequence[str], where: str, what: str = "there already with another size") -> None:
    if kept:
        _warn(f"{_counted(kept)} {what} in {where}, and kept: {named(kept)}; overwrite=True replaces what differs")


def _counted(names: Sequence[str]) -> str:
    return "1 file is" if len(names) == 1 else f"{len(names):,} files are"


def named(names: Sequence[str]) -> str:
    """Return the first of some names for a sentence, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED:,} more" if names[_MOST_NAMED:] else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of a file's name that are no UTF-8
        return False
    return True


def _warn(text: str) -> None:
    warnings.warn(plain(text), stacklevel=5)
