"""The commands of each subject, with their handlers."""
