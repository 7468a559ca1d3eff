"""Close views cut out of training photos."""

import numpy as np

from engine.training.close_ups import LONGEST_PX, SMALLEST_PX, close_ups
from engine.training.training_photos import Instance, TrainingPhoto


def instance(box: tuple[int, int, int, int], category: str, crowd: bool = False) -> Instance:
    x0, y0, x1, y1 = box
    return Instance(np.ones((y1 - y0, x1 - x0), bool), box, category, crowd)


def photo(*instances: Instance) -> TrainingPhoto:
    rgb = np.full((480, 640, 3), 60, np.uint8)
    for thing in instances:
        x0, y0, x1, y1 = thing.box
        rgb[y0:y1, x0:x1] = (220, 40, 40)
    return TrainingPhoto("scene.jpg", rgb, instances)


def views(scene: TrainingPhoto, rounds: int = 20) -> list[TrainingPhoto]:
    rng = np.random.default_rng(0)
    return [view for _ in range(rounds) for view in close_ups(scene, 1, rng)]


def test_the_thing_fills_its_close_up_and_its_mask_lies_on_it():
    for view in views(photo(instance((250, 100, 370, 400), "person"))):
        (thing,) = view.instances
        height, width = view.rgb.shape[:2]
        assert max(height, width) == LONGEST_PX
        assert 0.6 <= width / height <= 1.6
        x0, y0, x1, y1 = thing.box
        assert thing.category == "person"
        assert thing.mask_hw.shape == (y1 - y0, x1 - x0)
        mask = thing.full_mask((height, width))
        assert mask.mean() > 0.15
        red = view.rgb[..., 0] > 140
        assert (red == mask).mean() > 0.98


def test_tall_things_are_often_shown_by_their_upper_part_alone():
    whole = 420 / 100
    things = [v.instances[0] for v in views(photo(instance((250, 40, 350, 460), "person")))]
    shares = np.array([thing.mask_hw.shape[0] / thing.mask_hw.shape[1] / whole for thing in things])
    assert (shares < 0.9).mean() > 0.3
    assert (shares > 0.95).any()


def test_small_things_and_crowds_get_no_close_up():
    small = instance((20, 20, 20 + SMALLEST_PX - 1, 200), "cup")
    crowd = instance((300, 100, 600, 400), "person", crowd=True)
    assert views(photo(small, crowd)) == []


def test_neighbours_stay_only_if_enough_of_them_is_visible():
    scene = photo(
        instance((200, 100, 400, 300), "dog"),
        instance((230, 130, 330, 230), "ball"),
        instance((500, 300, 560, 360), "cup"),
    )
    names = [{i.category for i in v.instances} for v in views(scene)]
    assert all("cup" not in visible for visible in names)
    assert any(visible == {"dog", "ball"} for visible in names)


def test_each_close_up_shows_another_thing_and_a_seed_repeats_them():
    scene = photo(instance((20, 20, 200, 200), "dog"), instance((400, 200, 600, 420), "cat"))
    first = close_ups(scene, 5, np.random.default_rng(3))
    again = close_ups(scene, 5, np.random.default_rng(3))
    assert len(first) == 2
    assert len({view.name for view in first}) == 2
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.rgb, other.rgb)
