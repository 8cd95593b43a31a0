"""Musical structure: sections such as verse and chorus, with the same label where one repeats another."""
