"""Stores with files for datasets: the workspace's own."""

import os


def put(store, **files):
    """Write files into a store's folder, by paths with `__` for `/`: put(store, a__x_csv="…")."""
    for name, content in files.items():
        put_file(store, name.replace("__", "/").replace("_", "."), content)


def put_file(store, path, content):
    """Write one file into a store's folder."""
    target = store.local_root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(target, (1_700_000_000, 1_700_000_000))
    return target
