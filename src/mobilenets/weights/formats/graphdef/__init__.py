"""TensorFlow's GraphDef without TensorFlow: its messages, its tensors, its constants, and the convolutions it makes."""
