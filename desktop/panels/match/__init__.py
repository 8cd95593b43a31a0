"""The edit behind a file that another program wrote."""
