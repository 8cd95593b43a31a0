"""Weights of borders, lengths and labels of sections.

Written by `python -m engine.lab.training.structure`.
"""

from __future__ import annotations

OF_EVIDENCE = (0.5, 0.51, 0.3, 0.33, 0.32, 0.2, 0.17, 0.36, 0.49)
"""Of the evidence of a border, by `segments.EVIDENCE`."""
OF_LENGTHS = (-0.44, 0.0, -0.56, -0.67, -0.67, -0.28)
"""Of the length of a section, by `segments.LENGTHS`."""
OF_LABELS = (0.69, 0.73, 0.65, 0.8, 0.83, 0.51, -0.49, -1.01)
"""Of two sections with the same label, by `segments.LABELS`."""
SAME_LABEL = -2.22
"""The logit that two sections have the same label, before any feature is added."""
