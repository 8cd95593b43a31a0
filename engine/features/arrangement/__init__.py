"""Orders of a recording by rules, references and learned editors."""
