"""Nothing that Kerf reads is unpickled or evaluated."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT, kerf

SOURCES = [path for room in ("segmenter", "classifier") for path in sorted((ROOT / room).rglob("*.py"))]
DANGEROUS_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "xml"}
DANGEROUS_CALLS = {"eval", "exec", "compile", "__import__"}
POISONED = """
import pickle, sys
import numpy, torch
from pathlib import Path

def poison(*_, **__):
    raise AssertionError("unpickled")

pickle.load = pickle.loads = pickle.Unpickler = torch.load = torch.jit.load = numpy.load = poison
import kerf.classifier.recognizer, kerf.classifier.folders.dataset, kerf.classifier.engines.loading
image, labels = map(Path, sys.argv[1:])
recognizer = kerf.classifier.recognizer.Recognizer.load(device="cpu")
assert recognizer.read(image).text
assert kerf.classifier.folders.dataset.folder_to_samples(labels).samples
try:
    pickle.loads(b"")
except AssertionError:
    print("poisoned, and not met")
"""


def to_names(path: Path) -> Iterator[str]:
    """Modules that a file imports, by their first name, and plain functions that it calls."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name.split(".")[0] for alias in node.names)
            case ast.ImportFrom():
                yield (node.module or "").split(".")[0]
            case ast.Call(func=ast.Name(id=name)):
                yield f"{name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch" | "np" | "jit" as module), attr="load")):
                yield f"{module}.load()"


def test_no_source_file_can_unpickle_or_evaluate() -> None:
    forbidden = DANGEROUS_MODULES | {f"{name}()" for name in DANGEROUS_CALLS} | {"torch.load()", "np.load()"}
    assert len(SOURCES) > 100
    found = {str(path.relative_to(ROOT)): forbidden & set(to_names(path)) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.process
def test_a_model_an_image_and_labels_are_read_where_unpickling_is_poisoned(captchas: Path) -> None:
    result = kerf(ROOT / "data" / "samples" / "clean_0.png", captchas, program=POISONED)
    assert (result.code, result.out) == (0, "poisoned, and not met\n"), result.err
