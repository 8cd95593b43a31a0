"""Match: the edits behind an edited file, as edits of the document."""
