"""One grammar for all verbs: what is called alike is spelt alike, means the same, fails alike."""

from __future__ import annotations

import inspect
import re

import cyclopts
import pytest

from overtone.cli import exits
from overtone.cli.exits import describe, in_options
from overtone.cli.main import COMMANDS, main, run
from overtone.cli.usage import option_names, options_of, usage_of, verb_of
from overtone.errors import ConfigError, ImageError, PathError

BY_VERB = {verb_of(command): command for command in COMMANDS}
# How every verb is called. Those about a model have it first, and inputs come after it.
USAGES = {
    "encode": "IN... [-o OUT]",
    "decode": "IN... [-o OUT]",
    "info": "IN...",
    "edit": "IN... -o OUT",
    "spectrum": "IN... [-o OUT]",
    "compare": "[IN...] [-o OUT]",
    "train": "[MODEL] -o OUT",
    "sample": "MODEL -o OUT",
    "reconstruct": "MODEL IN... -o OUT",
    "interpolate": "MODEL [FROM TO] -o OUT",
    "atoms": "MODEL [-o OUT]",
    "balance": "DATA -o OUT",
    "colorize": "MODEL IN... -o OUT",
    "upscale": "MODEL IN... -o OUT",
    "evaluate": "MODEL --reference REFERENCE [-o OUT]",
    "studio": "",
    "list": "WHAT",
}
# Which verbs have options that several share.
SHARED = {
    "--seed": "encode compare train sample balance colorize upscale evaluate",
    "--threads": "encode decode compare train sample reconstruct interpolate balance colorize "
    "upscale evaluate",
    "--device": "train sample reconstruct interpolate balance evaluate",
    "--quiet": "encode decode edit spectrum train sample reconstruct interpolate balance evaluate",
    "--force": "encode decode edit spectrum compare sample reconstruct interpolate atoms colorize "
    "upscale",
    "--json": "info spectrum atoms evaluate list",
    "--class": "sample colorize upscale",
    "--size": "decode edit train sample reconstruct interpolate balance evaluate",
}
# Enough for the parser; nothing of it is looked at before the options are.
GIVEN = {
    verb: [
        *re.findall(r"^(?:MODEL |DATA )|IN\.\.\.", usage + " "),
        *(["-o", "x"] if "-o" in usage else []),
        *(["--model", "m"] if "--model" in usage else []),
        *(["--reference", "r"] if "--reference" in usage else []),
    ]
    for verb, usage in USAGES.items()
}
GIVEN["list"] = ["codecs"]


def answer(capsys, *words):
    code = main(list(words))
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return code, error.removeprefix("error: ").strip()


def test_every_verb_is_in_the_table():
    assert USAGES.keys() == BY_VERB.keys()


@pytest.mark.parametrize("verb", USAGES)
def test_help_begins_with_the_usage(verb, capsys):
    words = " ".join(["overtone", verb, *USAGES[verb].split(), "[OPTIONS]"])
    assert usage_of(BY_VERB[verb]) == words
    for flag in ("-h", "--help"):
        assert main([verb, flag]) == 0
        help_text = capsys.readouterr().out
        assert help_text.startswith(f"Usage: {words}\n")
        assert f"Example: overtone {verb}" in help_text


def test_one_spelling_for_one_thing():
    spellings: dict[str, set[tuple[str, ...]]] = {}
    for command in COMMANDS:
        for parameter in inspect.signature(command).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                names = tuple(option_names(parameter))
                spellings.setdefault(parameter.name, set()).add(names)
    assert {name: found for name, found in spellings.items() if len(found) > 1} == {}
    assert spellings["output"] == {("--output", "-o")}
    assert "out" not in spellings


@pytest.mark.parametrize("option", SHARED)
def test_options_are_where_they_make_sense(option):
    having = {verb for verb, command in BY_VERB.items() if option in options_of(command)}
    assert set(SHARED[option].split()) <= having


@pytest.mark.parametrize("verb", USAGES)
def test_sizes_are_shown_as_they_are_written(verb, capsys):
    main([verb, "-h"])
    help_text = capsys.readouterr().out
    assert ("--size WxH" in help_text) == ("--size" in options_of(BY_VERB[verb]))


@pytest.mark.parametrize(
    "verb", [verb for verb in USAGES if verb not in ("train", "compare", "studio")]
)
def test_what_is_missing_is_named(verb, capsys):
    first = USAGES[verb].split()[0]
    assert answer(capsys, verb) == (2, f"{verb} needs {first}; see overtone {verb} -h")


@pytest.mark.parametrize("verb", USAGES)
def test_misspelt_options_get_a_suggestion(verb, capsys):
    for option in options_of(BY_VERB[verb]):
        if len(option) > 5:
            wrong = option[:-2] + option[-1] + option[-2]
            if wrong == option:
                continue
            code, error = answer(capsys, verb, *GIVEN[verb], wrong, "1")
            assert code == 2
            assert error.startswith(f"unknown option {wrong}; did you mean --"), error
            assert error.endswith(f"see overtone {verb} -h")


@pytest.mark.parametrize("verb", USAGES)
def test_misspelt_verbs_get_a_suggestion(verb, capsys):
    code, error = answer(capsys, verb[:-2] + verb[-1] + verb[-2], "x")
    assert code == 2
    assert f"did you mean {verb}?" in error


@pytest.mark.parametrize("verb", SHARED["--threads"].split())
@pytest.mark.parametrize("number", ["0", "-1", "257", "100000"])
def test_threads_are_checked_before_any_work(verb, number, capsys):
    found = answer(capsys, verb, *GIVEN[verb], "--threads", number)
    assert found == (2, f"--threads must be in 1..256, got {number}")


@pytest.mark.parametrize("verb", SHARED["--seed"].split())
def test_seeds_are_checked_before_any_work(verb, capsys):
    code, error = answer(capsys, verb, *GIVEN[verb], "--seed", "-1")
    assert code == 2
    assert error.startswith("--seed must be in 0..")


@pytest.mark.parametrize("verb", SHARED["--device"].split())
def test_devices_are_checked_before_any_work(verb, capsys):
    code, error = answer(capsys, verb, *GIVEN[verb], "--device", "gpu")
    assert code == 2
    assert '"auto", "cpu", "cuda"' in error


@pytest.mark.parametrize("verb", ["colorize", "upscale", "sample", "reconstruct"])
def test_a_model_given_as_an_option_is_answered(verb, capsys):
    code, error = answer(capsys, verb, "a.png", "--model", "run", "-o", "x")
    assert code == 2
    assert f"MODEL is the first argument of {verb}" in error


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["info", "missing.ovt"], 1, "there is no file missing.ovt"),
        (["train", "vae", "-o", "run"], 2, "give --data, the path"),
        (["train", "vea", "--data", "x", "-o", "run"], 2, "did you mean vae?"),
        (["train", "--resume", "-o", "run"], 1, "start without --resume"),
        (["list", "modles"], 2, 'Did you mean "models"?'),
        (["--versoin"], 2, "did you mean --version?"),
        (["decode", "x.ovt", "-o"], 2, "-o needs a value"),
        (["encode", "x.png", "-o", "--force"], 2, "--force is an option"),
    ],
)
def test_exit_codes(words, code, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, error = answer(capsys, *words)
    assert (found, message in error) == (code, True), error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("a setting"), 2),
        (PathError("a file"), 1),
        (ImageError("a picture"), 1),
        (OSError(28, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    app = cyclopts.App(name="toy", suppress_keyboard_interrupt=False)

    @app.default
    def fail():
        raise error

    assert run(app, []) == code


def test_options_of_messages_exist():
    known = {option for command in COMMANDS for option in options_of(command)}
    planned = {"--max-seconds"}  # of the same release
    assert set(exits.OPTIONS.values()) - known <= planned
    assert not {f"--{word}" for word in exits.PLAIN_OPTIONS} - known


@pytest.mark.parametrize(
    ("python", "shell"),
    [
        ("raise max_pixels if you trust it", "raise --max-pixels if you trust it"),
        ("num_threads must be in 1..256, got 0", "--threads must be in 1..256, got 0"),
        ("give scale or size, not both", "give --scale or --size, not both"),
        ("it has none; leave out solve", "it has none; leave out --solve"),
        ("quality must be in 1..100", "--quality must be in 1..100"),
        ("no model; go on by resume=True", "no model; go on by --resume"),
        # What is no argument stays.
        ("train.num_threads is 3", "train.num_threads is 3"),
        ("raw weights have no quality to search", "raw weights have no quality to search"),
        ("one model; give the model too", "one model; give the model too"),
        ("see docs/max_pixels.md", "see docs/max_pixels.md"),
    ],
)
def test_messages_speak_the_command_lines_words(python, shell):
    assert in_options(python) == shell
    assert describe(ConfigError(python)) == shell
