"""Every way to change a document: pure functions from its state to an `Edit`."""
