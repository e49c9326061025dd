"""Any number of images through a model file, whatever batch it takes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.deployment.runtimes.protocol import Images, Session


@dataclass(frozen=True, slots=True)
class Batched:
    """A session that is given any number of images; one of a fixed `batch` gets them in parts, the last filled up."""

    session: Session
    batch: int | None

    def __call__(self, images: Images) -> NDArray[np.float32]:
        if self.batch is None or len(images) == self.batch:
            return self.session(images)
        return np.concatenate([*self._parts(images, self.batch)])

    def _parts(self, images: Images, batch: int) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(images), batch):
            part = images[start : start + batch]
            full = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
            yield self.session(full)[: len(part)]
