"""How a model is used, for its card: what to type in each library that reads the folder."""

from mobilenets.jobs.weights.opened import Opened


def usage(opened: Opened, *, name: str, layout: str) -> str:
    """Markdown for a folder of one layout, uploaded as `OWNER/name`."""
    if layout == "timm":
        return _timm(name)
    if layout == "huggingface":
        return _hugging_face(opened, name)
    return _ours(name)


def _ours(name: str) -> str:
    return (
        f"```sh\nhf download OWNER/{name} --local-dir {name}\nmobilenets predict PHOTOGRAPHS --model {name}\n"
        f"mobilenets train PHOTOGRAPHS --weights {name}\n```"
    )


def _timm(name: str) -> str:
    return (
        "```python\nimport timm\n\n"
        f'network = timm.create_model("hf-hub:OWNER/{name}", pretrained=True).eval()\n'
        "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network))\n```\n\n"
        f'A folder on disk is `timm.create_model("local-dir:{name}", pretrained=True)`.'
    )


def _hugging_face(opened: Opened, name: str) -> str:
    kind = "AutoModel" if opened.classes is None else "AutoModelForImageClassification"
    return (
        f"```python\nfrom transformers import AutoImageProcessor, {kind}\n\n"
        f'processor = AutoImageProcessor.from_pretrained("OWNER/{name}")\n'
        f'network = {kind}.from_pretrained("OWNER/{name}").eval()\n```'
    )
