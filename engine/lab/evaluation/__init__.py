"""How well learned scores find what is odd, on several kinds of material, beside chance and loudness."""
