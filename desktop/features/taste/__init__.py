"""The taste page: learning, scores, findings and the shelf."""
