"""Estimates the improvement of a separation, and blends methods accordingly."""
