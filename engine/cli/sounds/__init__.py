"""Verbs that analyse the sounds in a recording, or remove one."""
