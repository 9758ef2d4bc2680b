"""azureml.core.script_run: the run of a script, which is a run like any other."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["ScriptRun:Run"]})
