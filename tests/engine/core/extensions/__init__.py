"""What other packages add: installed, used, and left out where it is broken."""
