"""Figures of a training: arrays in, Matplotlib figures out, without pyplot's global state."""
