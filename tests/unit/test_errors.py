"""What errors say, and which of them mean that memory ran out."""

from __future__ import annotations

import pytest

from tlviz.errors import UnknownNameError, is_out_of_memory


def test_the_nearest_names_are_suggested_three_at_most() -> None:
    known = ("blue3", "blue2", "blue1", "blue4", "red")
    words = str(UnknownNameError("run", "blue", known))
    assert words.startswith("There is no run called 'blue'; try one of: blue")
    assert words.count("blue") == 4
    assert "red" not in words


def test_where_nothing_is_near_the_first_eight_are_listed_and_where_there_is_none_that_is_said() -> None:
    known = [f"zz{at}" for at in range(9, -1, -1)]
    assert str(UnknownNameError("run", "qqqq", known)) == (
        "There is no run called 'qqqq'; try one of: zz0, zz1, zz2, zz3, zz4, zz5, zz6, zz7."
    )
    assert str(UnknownNameError("run", "qqqq", [])) == "There is no run called 'qqqq'; there is none yet."


class OutOfMemoryError(RuntimeError):
    """Called like torch's."""


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("x"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), True),
        (RuntimeError("CUDA error: Out of Memory"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("shapes do not match"), False),
        (OSError("no space left on device"), False),
    ],
)
def test_that_memory_ran_out_is_known_by_class_or_words(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory
