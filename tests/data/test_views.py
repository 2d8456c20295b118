"""Views of the evaluation images."""

import numpy as np

from hhexp.config.schema import View
from hhexp.data.views import place_crops, view_images

NOISE = np.random.default_rng(0).integers(0, 256, (8, 40, 48, 3), np.uint8)


def quarters() -> np.ndarray:
    """Two images of 40×48, a grey value in each quarter: 10, 20 above, 30, 40 below."""
    grey = np.kron([[10, 20], [30, 40]], np.ones((20, 24))).astype(np.uint8)
    return np.repeat(np.repeat(grey[None, :, :, None], 3, axis=3), 2, axis=0)


def test_a_box_shows_that_part_alone_at_the_images_size() -> None:
    upper = np.asarray(view_images(quarters(), View(box=[0, 0, 0.5, 1])))
    assert upper.shape == (2, 40, 48, 3)
    assert upper.dtype == np.uint8
    assert set(np.unique(upper[:, :, :20])) == {10}
    assert set(np.unique(upper[:, :, 28:])) == {20}
    lower_left = np.asarray(view_images(quarters(), View(box=[0.5, 0, 1, 0.5])))
    assert set(np.unique(lower_left)) == {30}


def test_a_close_up_shows_the_middle() -> None:
    images = np.zeros((1, 40, 40, 3), np.uint8)
    images[:, 10:30, 10:30] = 200
    assert np.all(view_images(images, View(box=[0.25, 0.25, 0.75, 0.75]))[:] == 200)


def test_the_whole_view_gives_the_images_as_they_are() -> None:
    assert view_images(NOISE, View(box=[0, 0, 1, 1])) is NOISE
    assert view_images(NOISE, View(share=1.0)) is NOISE


def test_the_images_themselves_are_left_alone() -> None:
    images = NOISE.copy()
    images.flags.writeable = False
    np.asarray(view_images(images, View(share=0.5)))
    assert np.array_equal(images, NOISE)


def test_a_random_crop_shows_a_part_of_the_image_of_the_size_asked_for() -> None:
    view = View(share=0.5)
    places = place_crops(view, 200, 40, 48)
    assert set(places[:, 2] - places[:, 0]) == {20}
    assert set(places[:, 3] - places[:, 1]) == {24}
    assert (places[:, 0].min(), places[:, 0].max()) == (0, 20)
    assert (places[:, 1].min(), places[:, 1].max()) == (0, 24)
    top, left, bottom, right = places[3]
    seen = view_images(NOISE, view)[3]
    alone = View(box=[top / 40, left / 48, bottom / 40, right / 48])
    assert np.array_equal(seen, view_images(NOISE[3:4], alone)[0])


def test_a_random_crop_depends_on_the_seed_and_the_images_index_alone() -> None:
    few, many = (place_crops(View(share=0.5), count, 40, 48) for count in (5, 50))
    assert np.array_equal(few, many[:5])
    assert np.array_equal(few, place_crops(View(share=0.5), 5, 40, 48))
    assert not np.array_equal(few, place_crops(View(share=0.5, seed=1), 5, 40, 48))


def test_a_random_crops_places_stay_the_same_from_version_to_version() -> None:
    assert place_crops(View(share=0.5), 3, 300, 300).tolist() == [
        [87, 95, 237, 245],
        [144, 88, 294, 238],
        [72, 43, 222, 193],
    ]


def test_the_smallest_crop_is_one_pixel() -> None:
    for view in (View(box=[0.999, 0.999, 1, 1]), View(share=0.001)):
        places = place_crops(view, 4, 32, 32)
        assert np.all(places[:, 2:] - places[:, :2] == 1)
        assert places.min() >= 0 and places.max() <= 32
        assert view_images(NOISE, view).shape == NOISE.shape
