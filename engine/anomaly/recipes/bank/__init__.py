"""The recipe "memory-bank": how far windows of sound are from all that was kept, three ways."""
