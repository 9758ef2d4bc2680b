"""azureml.core.script_run_config: a script or a command to run."""

from __future__ import annotations

import os

from cellrun.core import RunConfiguration, ScriptRunConfig

__all__ = ["ScriptRunConfig", "get_run_config_from_script_run"]


def get_run_config_from_script_run(script_run_config: ScriptRunConfig) -> RunConfiguration:
    """Return how a config's run is to be run, with its script and arguments."""
    made, script = script_run_config.run_config, script_run_config.script
    made.script = None if script is None else os.fspath(script)
    made.arguments = list(script_run_config.arguments or ())
    return made
