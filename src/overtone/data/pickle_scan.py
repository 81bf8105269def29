"""The instructions of a pickle looked through before any is followed.

A pickle is a program for a stack machine. Following it can exhaust memory (a place in the table of
kept values costs memory for all places below it) or the stack of the processor (tuples within
tuples are hashed by recursion), whatever it is allowed to import.
"""

import pickle
import pickletools
from typing import Any

MAX_DEPTH = 32  # of containers within containers
# Plain values, lists, tuples, dictionaries, and calls, which the unpickler restricts by name.
_ALLOWED = {
    "PROTO", "STOP", "FRAME", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1",
    "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1",
    "TUPLE2", "TUPLE3", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "GLOBAL", "STACK_GLOBAL",
    "REDUCE", "BUILD", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET",
}  # fmt: skip
_KEEP = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_FETCH = frozenset({"GET", "BINGET", "LONG_BINGET"})
_FILL = frozenset({"APPEND", "APPENDS", "SETITEM", "SETITEMS"})
_MARK = -1


def check_pickle(data: bytes) -> None:
    """Follows the depth of each value on the stack, and nothing else.

    Raises:
        pickle.UnpicklingError: An instruction is none of those that plain data need, containers
            are nested too deeply, or values are kept at places far beyond their number.
        Exception: What `pickletools` raises about bytes that are no pickle.
    """
    stack: list[int] = []  # depth of each value, or a mark
    kept: dict[int, int] = {}
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name not in _ALLOWED:
            raise pickle.UnpicklingError(f"the instruction {name} is not expected")
        if name in _KEEP:
            place = len(kept) if argument is None else argument
            if place > 2 * len(kept) + 1024:
                raise pickle.UnpicklingError(f"a value is kept at place {place} of {len(kept)}")
            kept[place] = stack[-1]
        elif name in _FETCH:
            stack.append(kept[int(argument or 0)])
        else:
            _follow(opcode, stack)
        if stack and stack[-1] > MAX_DEPTH:
            raise pickle.UnpicklingError(f"containers are nested more than {MAX_DEPTH} deep")


def _follow(opcode: Any, stack: list[int]) -> None:
    """Takes from the stack what an instruction takes, and puts there what it makes."""
    if opcode.name == "MARK":
        stack.append(_MARK)
        return
    before = opcode.stack_before
    taken: list[int] = []
    if pickletools.markobject in before:  # all values since the mark, and those below it
        before = before[: before.index(pickletools.markobject)]
        while (depth := stack.pop()) != _MARK:
            taken.append(depth)
    below = [stack.pop() for _ in before]
    if opcode.name in _FILL:  # the container stays, as deep as the deepest of what it holds
        container = below.pop()
        stack.append(max(container, *(depth + 1 for depth in (*taken, *below)), 0))
    elif opcode.stack_after:
        stack.append(1 + max((*taken, *below), default=-1))
