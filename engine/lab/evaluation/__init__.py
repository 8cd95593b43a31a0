"""Detection of anomalies by learned scores, on several kinds of material, against chance and loudness."""
