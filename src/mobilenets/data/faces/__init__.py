"""Faces in photographs: found by OpenCV's cascades, and cropped so that all eyes stand in the same places."""
