"""Part II, where collapse comes from: in three forms, in training, in tuning."""
