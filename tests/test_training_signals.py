"""Signals while a model is trained."""

import os
import signal

import pytest
from toy_training import toy_images, toy_settings

from overtone.models.vae.model import Vae
from overtone.training.run import train


def start(folder):
    return train("vae", toy_images(), out=folder, settings=toy_settings("vae"))


def test_signals_work_as_before_after_a_run(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    start(tmp_path / "run")
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_while_priors_are_fitted_ends_at_once_and_they_are_fitted_again(
    tmp_path, monkeypatch
):
    def fit(self, images, *, generator):
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the interrupt did not end it")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Vae, "finish", fit)
            with pytest.raises(KeyboardInterrupt):
                start(tmp_path / "run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    result = train(data=toy_images(), out=tmp_path / "run", resume=True)
    assert result.status == "finished"
    assert (tmp_path / "run" / "model.safetensors").exists()
