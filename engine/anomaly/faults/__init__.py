"""Known bad parts in real music: planted to measure what finds them, and to practise on."""
