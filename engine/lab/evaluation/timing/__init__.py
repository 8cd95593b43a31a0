"""Quality of drum alignment, measured on simulated performances."""
