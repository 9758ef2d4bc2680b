"""The live stream: one reader a run and one watcher a list, however many look on."""
