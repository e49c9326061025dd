"""One file a layout that others load: a folder with `model.safetensors` and the JSON files beside it."""
