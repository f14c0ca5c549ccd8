"""The list of our trainers."""

import pytest
from ultralytics.models import yolo
from ultralytics.models.rtdetr.train import RTDETRTrainer as StockRTDETRTrainer

from yolo_feiou.yolo import trainers
from yolo_feiou.yolo.trainer import LossTrainer
from yolo_feiou.yolo.trainers import TRAINERS, get_base


def test_every_trainer_of_ultralytics_with_a_box_term_has_one_of_ours():
    """But for those with visual prompts, which train no box term."""
    parts = (yolo.detect, yolo.segment, yolo.pose, yolo.obb, yolo.world, yolo.yoloe)
    found = {getattr(part, name) for part in parts for name in part.__all__ if name.endswith("Trainer")}
    found |= {getattr(part, name) for part in parts for name in part.__all__ if name.endswith("TrainerFromScratch")}
    visual = {yolo.yoloe.YOLOEVPTrainer, yolo.yoloe.YOLOESegVPTrainer}
    unlisted = {yolo.world.train_world.WorldTrainerFromScratch, yolo.yoloe.train.YOLOETrainerFromScratch}
    assert set(TRAINERS) == (found - visual) | unlisted | {StockRTDETRTrainer}


@pytest.mark.parametrize(("stock", "ours"), TRAINERS.items(), ids=lambda kind: kind.__name__)
def test_ours_has_the_name_of_stocks_and_is_found_by_it(stock, ours):
    """Ultralytics' launcher of several GPUs pickles it by its name."""
    assert ours.__name__ == stock.__name__ and getattr(trainers, ours.__name__) is ours
    assert issubclass(ours, LossTrainer) and issubclass(ours, stock) and get_base(stock) is ours


def test_the_base_for_a_users_own_is_the_nearest():
    class Mine(yolo.yoloe.YOLOESegTrainer):
        pass

    assert get_base(Mine) is trainers.YOLOESegTrainer
    assert get_base(yolo.classify.ClassificationTrainer) is None
