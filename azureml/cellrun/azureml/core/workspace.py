"""azureml.core.workspace: workspaces."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["Workspace"], "cellrun.core.errors": ["WorkspaceException"]})
