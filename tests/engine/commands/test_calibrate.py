"""``calibrate`` as typed, where there is nothing to calibrate."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("named", "said"),
    [((), "No language model"), (("--second-look", "no-such-model"), "no-such-model")],
)
def test_without_a_language_model_nothing_is_begun(
    tmp_path, monkeypatch, run_command, named, said
):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    # The photos are not there either, but that would come later.
    ran = run_command("calibrate", "--photos", tmp_path, "--coco", tmp_path / "x.json", *named)
    assert ran.status == 1 and said in ran.err and ran.out == ""


def test_at_least_one_hit_must_be_looked_at(tmp_path, run_command):
    ran = run_command("calibrate", "--photos", tmp_path, "--coco", "x.json", "--verify", "0")
    assert ran.status == 2
