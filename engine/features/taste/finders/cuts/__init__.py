"""Cuts: proposed from scores, forecast while settings are chosen, and rated again where their edges moved."""
