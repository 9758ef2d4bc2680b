"""A dataset of rows and columns: what text, Parquet or JSON files hold."""

from __future__ import annotations

from cellrun.core.data.abstract_dataset import AbstractDataset


class TabularDataset(AbstractDataset):
    """Rows and columns of files: `Dataset.Tabular.from_delimited_files` and its like make one."""
