"""The editor without a window."""

import os

# Before anything below imports torch: without it, two threads sometimes run ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
