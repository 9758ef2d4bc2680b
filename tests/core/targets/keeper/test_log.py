"""What the keeper did, in a file that doesn't grow for ever."""

import stat

from cellrun.core.targets.keeper.log import KeeperLog


def test_lines_have_their_time_and_are_this_users_alone(tmp_path):
    path = tmp_path / "keeper.log"
    KeeperLog(path).say("begins\x1b[2J")
    (line,) = path.read_text().splitlines()
    assert line.endswith(r"begins\x1b[2J")
    assert line.startswith("20")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_of_a_long_one_the_older_half_goes(tmp_path):
    path = tmp_path / "keeper.log"
    log = KeeperLog(path)
    for number in range(3000):
        log.say(f"{number} {'x' * 100}")
    lines = path.read_text().splitlines()
    assert path.stat().st_size < 300_000
    assert lines[-1].split()[3] == "2999"
    numbers = [int(line.split()[3]) for line in lines]
    assert numbers == [*range(numbers[0], 3000)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_is_gone_ends_nothing(tmp_path):
    KeeperLog(tmp_path / "gone" / "keeper.log").say("begins")
