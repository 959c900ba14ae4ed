"""The stages of a run, in the order of the file's way: pull, map, reconcile, push, seal."""
