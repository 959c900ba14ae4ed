"""EDI in the pipeline: control numbers, acknowledgements both ways, what we send."""
