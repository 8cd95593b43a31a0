"""Detection of takes and false starts with known ground truth."""
