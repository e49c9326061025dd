"""Reports for people: a self-contained page, figures and small pictures.

This floor knows plain values and numpy arrays, and nothing of torch, tasks, data or runs. `page` needs only the
standard library, `figures` needs matplotlib, `pictures` needs Pillow.
"""
