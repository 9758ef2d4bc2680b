"""Hints for names that other libraries have, and Azure ML's verbs that aren't here: what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellrun.core.errors import NoSuchNameError, did_you_mean

_END = "run.complete() ends an interactive run, a submitted one ends with its script"
_TAGS = "run.tag(name, value) or run.set_tags({...}) keeps what a run was given, run.tags shows it"
_FIGURE = "write run.log_image(name, plot=figure)"

WRITE = {
    # MLflow, Weights & Biases, TensorBoard, Neptune, Comet
    **dict.fromkeys(("log_metric", "log_scalar", "add_scalar"), "write run.log(name, value, step=step)"),
    **dict.fromkeys(("log_metrics", "add_scalars"), "write run.log({name: value, ...}, step=step)"),
    **dict.fromkeys(("log_param", "log_parameter"), "write run.tag(name, value)"),
    **dict.fromkeys(("log_params", "log_parameters", "log_hyperparams"), "write run.set_tags({name: value, ...})"),
    **dict.fromkeys(("config", "params", "set_tag", "add_tag", "add_tags"), _TAGS),
    **dict.fromkeys(("log_artifact", "log_file", "log_asset", "save"), "write run.upload_file(name, path)"),
    **dict.fromkeys(("log_artifacts", "log_folder", "log_asset_folder"), "write run.upload_folder(name, folder)"),
    **dict.fromkeys(("log_figure", "add_figure", "add_image", "log_histogram", "add_histogram"), _FIGURE),
    **dict.fromkeys(("log_text", "add_text", "track"), "write run.log(name, value)"),
    "log_dict": "write run.log({name: value, ...}), or run.log_row(name, **columns)",
    **dict.fromkeys(("log_model", "log_code", "add_artifact"), "write run.upload_folder(name, folder)"),
    **dict.fromkeys(("use_artifact", "use_model"), "not here yet: give a file's path as an argument"),
    **dict.fromkeys(("watch", "define_metric", "alert"), "not here: what is logged is drawn by itself"),
    **dict.fromkeys(("finish", "end", "end_run", "stop", "close"), _END),
    **dict.fromkeys(("summary", "metrics", "history"), "run.get_metrics() returns what was logged"),
    "url": "run.get_portal_url() is the address of the run's page",
    **dict.fromkeys(("path", "dir"), "run.layout.folder is the run's folder"),
    **dict.fromkeys(("info", "data"), "run.get_details(), run.get_metrics() and run.tags say what is kept"),
    "workspace": "run.experiment.workspace is its workspace",
    # Azure ML's first SDK
    "add_property": "write run.add_properties({name: value})",
    "download_logs": "write run.get_all_logs(folder)",
}
"""By a name that a run hasn't got. Such a name stays an AttributeError: `hasattr` tells the truth."""


class HintingType(type):
    """The type of classes of which static verbs are asked as well: `Run.list(experiment)`."""

    if not TYPE_CHECKING:  # or every attribute would be one

        def __getattr__(cls, name: str) -> Any:
            """Raise AttributeError for every name."""
            raise no_attribute(cls, f"type object {cls.__name__!r}", name)


def no_attribute(holder: object, words: str, name: str) -> NoSuchNameError:
    """Return the error for a name that an object hasn't got, with what to write in its place if that is known."""
    text = f"{words} has no attribute {name!r}"
    if name in WRITE:
        text += f": {WRITE[name]}"
    elif not name.startswith("_"):  # what IPython and others look for on everything
        text += did_you_mean(name, (known for known in dir(holder) if not known.startswith("_")), "; ")
    error = NoSuchNameError(text)
    error.name, error.obj = name, holder
    return error
