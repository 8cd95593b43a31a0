"""An imported edit compared with a document: the edits that make it play the same."""
