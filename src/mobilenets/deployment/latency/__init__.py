"""Latency of artefacts, measured on this machine or, with a kit, on another."""
