from pathlib import Path

import pytest

from pipeline.stages.planning import run_plan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "5", "6", "--write", "small"], "--write needs one budget"),
        (["--images", "5", "--write", "../small"], "use letters, digits"),
        (["--images", "0"], "0 is not above 0"),
        (["--images", "nan"], "nan is not above 0"),
        (["--images", "many"], "invalid"),
        (["--images", "5", "--tail-share", "0.1"], "not allowed with"),
        ([], "one of the arguments --images --tail-share --min-per-label is required"),
    ],
)
def test_what_cannot_be_planned_is_told_before_spark_starts(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_plan("doc", ["--run", "runs/x", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_plan("doc", ["--run", str(tmp_path), "--images", "5"]) == 2
    assert f"{tmp_path}: no run.json there" in capsys.readouterr().err
