"""Arrangement: as an editor would arrange a recording; learning editors from edits."""
