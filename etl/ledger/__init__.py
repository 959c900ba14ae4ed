"""What happened: runs, batches, files, documents, exceptions, pushes."""
