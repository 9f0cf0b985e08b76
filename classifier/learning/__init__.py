"""Labelled images to a model: augmentation, fitting, calibration, self-training, learning curves."""
