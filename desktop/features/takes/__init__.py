"""Takes, comps and sections."""
