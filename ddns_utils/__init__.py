"""Notebook-driven analytics of Danish care outside hospitals."""
