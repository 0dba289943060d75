import pytest
from quorate_lab.errors import LabError
from quorate_lab.kernel import newest_series


def test_the_highest_series_is_taken_by_number_not_by_letter():
    assert newest_series(["linux-source-6.16", "linux-source-7.2", "linux-source-7.10", "linux-source"]) == "linux-source-7.10"


@pytest.mark.parametrize("packages", [[], ["linux-source-6.12"]])
def test_a_kernel_without_seccomp_is_refused(packages):
    with pytest.raises(LabError, match="needs linux-source-6.16 or newer"):
        newest_series(packages)
