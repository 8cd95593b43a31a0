"""A folder for each feature: panels, forms and commands, with their widgets."""
