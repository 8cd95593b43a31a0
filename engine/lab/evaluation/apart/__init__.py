"""Evaluation of tastes on bands, interviews and places set apart; shares no code with training."""
