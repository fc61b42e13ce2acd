"""torch's compiler stays out of processes that do not compile, and is there for those that do."""

import subprocess
import sys

TRAINS_THEN_COMPILES = """
import sys
import tlviz.vision, torch
from tlviz.finetune.device import prepare_torch
prepare_torch(1, deterministic=False)
network = tlviz.vision.timm().create_model("test_resnet", num_classes=2)
optimizer = torch.optim.AdamW(network.parameters())
network(torch.zeros(2, 3, 32, 32)).sum().backward()
optimizer.step()
heavy = [name for name in sys.modules if name.startswith("torch._dynamo.")]
assert heavy == ["torch._dynamo.utils"] and not hasattr(sys.modules[heavy[0]], "__file__"), heavy

assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item() == 2
exported = torch.export.export(torch.nn.Linear(2, 1), (torch.zeros(3, 2),))
assert exported.module()(torch.zeros(3, 2)).shape == (3, 1)
"""

IMPORTS_BELOW = """
import sys
import tlviz.compiler
tlviz.compiler.stand_in()
from torch._dynamo.utils import is_compile_supported as asked_early
import torch
import torch._dynamo.config as config
from torch._dynamo.utils import is_compile_supported
assert config is torch._dynamo.config is sys.modules["torch._dynamo.config"]
assert config.__spec__.origin == config.__file__ and torch._dynamo.__file__
assert not any(type(finder).__module__ == "tlviz.compiler" for finder in sys.meta_path)
assert asked_early is not is_compile_supported and asked_early("cpu") == is_compile_supported("cpu")

tlviz.compiler.stand_in()
assert torch._dynamo.__file__, "one that has been loaded stays"
"""


def _run(code: str) -> int:
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert not ended.stderr, ended.stderr
    return ended.returncode


def test_a_training_step_does_without_the_compiler_and_who_compiles_gets_it() -> None:
    assert _run(TRAINS_THEN_COMPILES) == 0


def test_a_module_below_it_is_loaded_once_and_its_check_is_the_real_one() -> None:
    assert _run(IMPORTS_BELOW) == 0
