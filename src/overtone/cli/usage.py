"""What help says first of a verb, and what a mistyped command is answered with."""

import inspect
from collections.abc import Callable, Sequence

import cyclopts
from cyclopts import Parameter

from overtone.errors import suggestion

Command = Callable[..., int | None]


def usage_of(command: Command) -> str:
    """The line of help that shows where everything goes: `overtone VERB MODEL IN... -o OUT`."""
    words = ["overtone", verb_of(command)]
    for parameter in inspect.signature(command).parameters.values():
        is_needed = parameter.default is parameter.empty
        if parameter.kind is parameter.KEYWORD_ONLY:
            option = f"{option_names(parameter)[-1]} {_metavar(parameter)}"
            if is_needed or option == "-o OUT":
                words.append(option if is_needed else f"[{option}]")
        else:
            name = next(iter(_names(parameter)), parameter.name.upper())
            words.append(name if is_needed else f"[{name}]")
    return " ".join([*words, "[OPTIONS]"])


def verb_of(command: Command) -> str:
    """What a command is called by."""
    return command.__name__.rstrip("_")


def option_names(parameter: inspect.Parameter) -> list[str]:
    """The spellings of a command's option: those its annotation gives, or its own."""
    given = [name for name in _names(parameter) if name.startswith("-")]
    return given or ["--" + parameter.name.replace("_", "-")]


def options_of(command: Command) -> list[str]:
    """Every spelling of every option of a command."""
    return [
        name
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        for name in option_names(parameter)
    ]


def describe_usage(error: cyclopts.CycloptsError, program: str, commands: Sequence[Command]) -> str:
    """One line about a command that could not be understood.

    Args:
        error: What the parser raised.
        program: How the program is called.
        commands: Every command of it.
    """
    by_verb = {verb_of(command): command for command in commands}
    verb = error.command_chain[0] if error.command_chain else ""
    if isinstance(error, cyclopts.UnknownCommandError):
        (name, *_) = error.unused_tokens or [""]
        kind = "option" if _is_option(name) else "verb"
        near = suggestion(name, [*by_verb, "--help", "--version"])
        return f"unknown {kind} {name}; {near}{program} -h lists all"
    more = f"see {program} {verb} -h" if verb else f"see {program} -h"
    if isinstance(error, cyclopts.UnknownOptionError):
        name = (error.token.keyword or error.token.value).partition("=")[0]
        return _unknown_option(name, by_verb.get(verb), more)
    argument = error.argument
    if isinstance(error, cyclopts.ValidationError) and argument is not None:
        unknown = [str(token.value) for token in argument.tokens if _is_option(str(token.value))]
        if unknown and argument.field_info.is_positional:
            return _unknown_option(unknown[0].partition("=")[0], by_verb.get(verb), more)
        return f"{argument.name} {error.exception_message}"
    if isinstance(error, cyclopts.MissingArgumentError) and argument is not None:
        given = error.keyword or next((t.keyword for t in argument.tokens if t.keyword), None)
        missing = f"{given} needs a value" if given else f"{verb or program} needs {argument.name}"
        return f"{missing}; {more}"
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        return f"{error.unused_tokens[0]} is one word too many; {more}"
    message = " ".join(str(error).split())
    return f"{message[:1].lower()}{message[1:].rstrip('.')}; {more}"


def _unknown_option(name: str, command: Command | None, more: str) -> str:
    if command is None:
        return f"unknown option {name}; {more}"
    if name == "--model" and "MODEL" in usage_of(command):
        return f"unknown option {name}; MODEL is the first argument of {verb_of(command)}; {more}"
    near = suggestion(name, options_of(command)) or f"a file of that name is written ./{name}; "
    return f"unknown option {name}; {near}{more}"


def _is_option(text: str) -> bool:
    return text.startswith("-") and text != "-"


def _notes(parameter: inspect.Parameter) -> list[Parameter]:
    notes = getattr(parameter.annotation, "__metadata__", ())
    return [note for note in notes if isinstance(note, Parameter)]


def _names(parameter: inspect.Parameter) -> tuple[str, ...]:
    return next((tuple(note.name) for note in reversed(_notes(parameter)) if note.name), ())


def _metavar(parameter: inspect.Parameter) -> str:
    given = next((note.metavar for note in reversed(_notes(parameter)) if note.metavar), None)
    return given or parameter.name.upper()
