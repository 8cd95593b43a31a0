"""Which of the spans that a search explained are copies: a copy nulls as deep as its version allows."""
