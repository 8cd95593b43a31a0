"""Below all parts: errors, time, spans, progress, wording, files, processes and extensions."""
