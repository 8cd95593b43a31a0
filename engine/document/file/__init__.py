"""The file of a document: tables, transactions, backups, checksums, and audio stored in it."""
