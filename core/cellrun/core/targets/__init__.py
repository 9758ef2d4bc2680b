"""The places where runs are started, one module or folder each, found by entry point."""
