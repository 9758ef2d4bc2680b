"""Which files a dataset names, and their way to a folder of this machine."""
