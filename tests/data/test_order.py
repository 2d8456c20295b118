import numpy as np

from hhexp.data import epoch_order


def test_the_order_is_a_permutation() -> None:
    order = epoch_order(seed=0, epoch=1, size=1027)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(1027))


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else() -> None:
    np.random.seed(1)
    first = epoch_order(3, 7, 100)
    np.random.seed(2)
    assert np.array_equal(first, epoch_order(3, 7, 100))
    orders = {tuple(epoch_order(seed, epoch, 100)) for seed in range(3) for epoch in range(1, 4)}
    assert len(orders) == 9


def test_the_order_is_the_same_for_ever() -> None:
    assert epoch_order(0, 1, 8).tolist() == [2, 1, 5, 0, 3, 6, 7, 4]
    assert epoch_order(2**32 - 1, 30, 8).tolist() == [4, 3, 1, 0, 7, 2, 5, 6]


def test_every_place_is_as_likely_for_every_image() -> None:
    places = np.array([np.argsort(epoch_order(0, epoch, 10)) for epoch in range(1, 2001)])
    counts = np.array([np.bincount(places[:, image], minlength=10) for image in range(10)])
    # Binomial with n = 2000 and p = 0.1 has a standard deviation of 13.4: this is five of them.
    assert np.abs(counts - 200).max() < 67
