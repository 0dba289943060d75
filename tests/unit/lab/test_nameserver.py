import pytest
from quorate_lab.nameserver import answer

QUESTION = b"\x04name\x00\x00\x01\x00\x01"
QUERY = bytes.fromhex("abcd 0120 0001 0000 0000 0001") + QUESTION + b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00"


def test_every_name_is_unknown():
    reply = answer(QUERY)
    assert reply[:2] == QUERY[:2]
    is_response, recursion_available, code = reply[2] >> 7, reply[3] >> 7, reply[3] & 15
    assert (is_response, recursion_available, code) == (1, 1, 3)


def test_only_the_question_comes_back():
    assert answer(QUERY)[4:] == bytes([0, 1, 0, 0, 0, 0, 0, 0]) + QUESTION


@pytest.mark.parametrize("query", [b"", QUERY[:8], QUERY[:14], QUERY[:19]])
def test_what_is_no_query_gets_no_answer(query):
    assert answer(query) is None
