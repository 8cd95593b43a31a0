"""Tests of the recovery of edit lists."""
