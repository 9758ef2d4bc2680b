"""The models of a workspace: files that are registered under a name, a version each time."""
