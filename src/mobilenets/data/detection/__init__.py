"""Photographs with boxes: what stands in them, read from COCO, Pascal VOC and YOLO folders."""
