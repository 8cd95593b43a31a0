"""The kinds of material an evaluation is made on; each is one module."""
