"""Sets of labelled pictures: read from what researchers have on disk, checked, in one array."""

from overtone.data.batches import BatchOrder as BatchOrder
from overtone.data.image_set import ImageSet as ImageSet
from overtone.data.registry import LOADERS as LOADERS
from overtone.data.registry import find_splits as find_splits
from overtone.data.registry import load_images as load_images
