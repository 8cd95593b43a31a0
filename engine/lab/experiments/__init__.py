"""Experiments in YAML: several networks over one folder of audio, trained, compared and searched through."""
