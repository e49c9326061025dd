"""Detectors (section 4.6): SSD and Faster R-CNN, each on three bodies, as layers like any other network's.

`names.py` reads `ssd_mobilenet_v1_1.0_300` and resolves it; one file a framework says how it is laid on a body.
"""
