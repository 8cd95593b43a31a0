"""Material and figures for music whose pulse changes: passages without one, and changes of metre."""
