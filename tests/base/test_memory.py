"""What a process remembers of contents that never change: made once, bounded by weight, the longest unused goes."""

from threading import Barrier, Thread

from idp.base.memory import ContentMemory


def remembered(heaviest=3):
    made = []
    memory = ContentMemory(heaviest, len)

    def recall(key):
        return memory.recall(key, lambda: made.append(key) or key)

    return recall, made


def test_what_was_used_longest_ago_goes_when_all_are_too_heavy():
    recall, made = remembered()
    for key in ("a", "b", "c", "a", "d", "a", "b"):
        assert recall(key) == key

    assert made == ["a", "b", "c", "d", "b"]


def test_what_is_too_heavy_alone_is_kept_alone():
    recall, made = remembered()
    for key in ("a", "heavy", "heavy", "a"):
        recall(key)

    assert made == ["a", "heavy", "a"]


def test_of_many_threads_one_makes_it():
    recall, made = remembered()
    start = Barrier(8)
    threads = [Thread(target=lambda: (start.wait(), recall("a"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert made == ["a"]
