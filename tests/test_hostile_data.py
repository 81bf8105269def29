"""Data files made to take all memory or to crash: refused before they can."""

import gzip
import pickle
import struct
import zipfile

import numpy as np
import pytest

from overtone.data.base import LoadOptions
from overtone.data.cifar_pickle import read_batch
from overtone.data.idx import read_idx
from overtone.data.limits import VARIABLE
from overtone.data.npz import NpzLoader
from overtone.data.pickle_scan import MAX_DEPTH, check_pickle
from overtone.errors import ConfigError, DataError

# The key of a dictionary, which is hashed: tuples within tuples.
NESTED_KEY = b"\x80\x02}(K\x01" + b"\x85" * 1_000_000 + b"K\x02u."
NESTED_LISTS = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
KEPT_FAR_AWAY = b"\x80\x02}r" + struct.pack("<I", 2**31 - 1) + b"."
HUGE_NUMBER = b"\x80\x02\x8b" + struct.pack("<i", 2**30) + b"."
OTHER_CODE = b"\x80\x02U\x01xQ."  # a persistent id
EXTENSION = b"\x80\x02\x82\x01."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (NESTED_KEY, "nested more than"),
        (NESTED_LISTS, "nested more than"),
        (KEPT_FAR_AWAY, "kept at place 2147483647"),
        (HUGE_NUMBER, "damaged"),
        (OTHER_CODE, "BINPERSID is not expected"),
        (EXTENSION, "EXT1 is not expected"),
        (b"\x80\x02(", "damaged"),
        (b"\x80\x02a.", "damaged"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"\x80\x02t.", "damaged"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b".", "damaged"),
    ],
    ids=range(11),
)
def test_a_pickle_that_does_harm_is_not_followed(tmp_path, monkeypatch, data, message):
    monkeypatch.setattr(
        "overtone.data.cifar_pickle._Unpickler", lambda *_, **__: pytest.fail("it was followed")
    )
    (tmp_path / "batch").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_batch(tmp_path / "batch")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_of_every_protocol_pass(protocol):
    deep: object = 0
    for _ in range(MAX_DEPTH - 4):
        deep = (deep, [1, {"a": 2.5}])
    content = {"names": [f"n{k}" for k in range(3000)], "deep": deep, "flags": [True, None, 2**70]}
    if protocol == 0 or protocol > 2:
        content["raw"] = "text"
    check_pickle(pickle.dumps(content, protocol=protocol))
    with pytest.raises(pickle.UnpicklingError, match="nested"):
        check_pickle(pickle.dumps({"deep": ((((deep,),),),)}, protocol=protocol))


def zipped_npy(path, num_bytes):
    """An archive of a few kilobytes whose one array unpacks to zeros."""
    head = b"\x93NUMPY\x01\x00"
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({num_bytes},), }}"
    text = text.ljust(117) + "\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        body = head + len(text).to_bytes(2, "little") + text.encode() + bytes(num_bytes)
        archive.writestr("x.npy", body)


def idx_head(*sizes):
    return bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)


def test_archives_that_unpack_to_too_much_are_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "1000000")
    zipped_npy(tmp_path / "bomb.npz", 1_000_001)
    assert (tmp_path / "bomb.npz").stat().st_size < 10_000
    with pytest.raises(DataError, match=rf"bomb.npz: x .*1000000 are the most.*set {VARIABLE}"):
        NpzLoader().load(tmp_path / "bomb.npz", "all", LoadOptions(), "bomb")
    bomb = tmp_path / "images-idx3-ubyte.gz"
    bomb.write_bytes(gzip.compress(idx_head(1001, 100, 10) + bytes(1_001_000)))
    with pytest.raises(DataError, match=rf"1001000 bytes.*set {VARIABLE}"):
        read_idx(bomb)
    monkeypatch.setenv(VARIABLE, "1001000")
    assert read_idx(bomb).shape == (1001, 100, 10)
    (tmp_path / "batch").write_bytes(bytes(2_000_000))
    with pytest.raises(DataError, match=rf"2000000 bytes.*set {VARIABLE}"):
        read_batch(tmp_path / "batch")


def test_the_limit_by_default_stops_what_no_machine_holds(tmp_path):
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(idx_head(2**32 - 1, 2**32 - 1, 2**32 - 1))
    with pytest.raises(DataError, match=VARIABLE):
        read_idx(path)


def test_a_limit_that_is_no_number_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "2 GB")
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(idx_head(1, 1, 1) + b"\0")
    with pytest.raises(ConfigError, match=f"{VARIABLE} must be a number of bytes"):
        read_idx(path)


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], object))
    with pytest.raises(DataError, match="Python objects"):
        NpzLoader().load(tmp_path / "a.npz", "all", LoadOptions(), "a")
