"""The songs of a stream: evidence, segments of playing, takes, and takes grouped to songs."""
