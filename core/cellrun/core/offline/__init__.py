"""The run of code that runs outside any run."""
