"""A file by the official safetensors package: python3 tensor-file.py > tensor-file.json (needs numpy and safetensors)."""
import base64
import json
import sys

import numpy
import safetensors
from safetensors.numpy import save

tensors = {
    "flags": numpy.array([1, 0, 255], dtype=numpy.uint8),
    "feature": numpy.array([-1, 2, 32767], dtype=numpy.int16),
    "left": numpy.array([[1, -2147483648, 2147483647]], dtype=numpy.int32),
    "half": numpy.array([0.5, -0.25, 1e-30], dtype=numpy.float32),
    "값": numpy.array([[5e-324, -0.0], [1.7976931348623157e308, 0.1]], dtype=numpy.float64),
    "empty": numpy.zeros((0, 4), dtype=numpy.float64),
}
metadata = {"note": "한글 \"quoted\""}
json.dump(
    {
        "versions": {"safetensors": safetensors.__version__, "numpy": numpy.__version__},
        "metadata": metadata,
        "base64": base64.b64encode(save(tensors, metadata)).decode(),
    },
    sys.stdout,
    indent=1,
)
