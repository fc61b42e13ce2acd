"""A mistake is one line and exit status 2."""

from __future__ import annotations

import pytest

from tlviz.cli import main
from tlviz.runs.store.folder import list_runs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("models show resnet", "There is no network called 'resnet'"),
        ("models show resnet5", "try one of: resnet50, resnet152, resnet34."),
        ("models show nowhere.safetensors", "cannot be read"),
        ("models --provider keras", "'--provider'"),
        ("models download squeezenet", "There is no network called 'squeezenet'"),
        ("models delete squeezenet1_1", "ships with the program"),
        ("models delete resnet50", "not downloaded"),
        ("models import /nowhere.pt --architecture resnet50 --name x", "cannot be read"),
        ("finetune --model resnet50 --data clipart --strategy full", "tlviz models download resnet50"),
        ("profile --model resnet50 --data clipart", "tlviz models download resnet50"),
        ("profile --model squeezenet1_1 --data cliparts", "try one of: clipart"),
        ("profile --model squeezenet1_1 --data clipart --image-size 5", "image size is 5; it must be between 32"),
        ("profile --model squeezenet1_1 --data clipart --limit 2", "limit is 2; it must be between 20"),
        ("datasets check /nowhere/at/all", "The folder /nowhere/at/all does not exist"),
        ("datasets check cliparts", "There is no target or folder called 'cliparts'; try one of: clipart"),
        ("datasets download cifar", "There is no public dataset called 'cifar'; try one of: cifar10"),
        ("datasets import /nowhere.zip", "The archive /nowhere.zip does not exist"),
        ("datasets import README.md", "is not named like an archive"),
        ("finetune --model squeezenet1_1 --data pets --strategy full", "tlviz datasets download pets"),
        ("runs show none", "There is no run called 'none'"),
        ("export none --to /tmp/x", "There is no run called 'none'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy half", "There is no strategy called 'half'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --head-lr 0", "head rate is 0"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --head-lr=-1", "head rate is -1"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --backbone-lr 1e6", "is 1e+06; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --epochs 0", "epochs is 0; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --epochs x", "'--epochs'"),
        ("finetune --model squeezenet1_1 --strategy full", "--data"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --optimizer adagrad", "'--optimizer'"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --freeze 10", "freeze is 10; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --device cuda", "shows no such GPU"),
        (
            "finetune --model squeezenet1_1 --data clipart --strategy full --frozen stem,fire0",
            "no stage called 'fire0'",
        ),
        (
            "finetune --model squeezenet1_1 --data clipart --strategy full --unfreeze 3",
            "unfreeze holds '3'; write EPOCH:DEPTH",
        ),
        ("finetune --data clipart --thaw 3", "unfreeze holds '3'; write EPOCH:DEPTH"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --ema 1", "ema is 1; it must be"),
        ("finetune --model squeezenet1_1 --data clipart --strategy full --threads 0", "threads is 0; it must be"),
        ("find-rate --model squeezenet1_1 --data clipart --strategy half", "There is no strategy called 'half'"),
        ("find-rate --model squeezenet1_1 --data clipart --strategy full --freeze 10", "freeze is 10; it must be"),
        ("find-rate --model squeezenet1_1 --strategy full", "--data"),
        ("find-rate --model resnet50 --data clipart --strategy full", "tlviz models download resnet50"),
        ("runs resume none", "There is no run called 'none'"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert list_runs() == []
    assert len(captured.err.strip().splitlines()) == 1
    assert words in captured.err
