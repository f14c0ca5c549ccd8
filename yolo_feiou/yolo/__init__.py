"""All that knows Ultralytics: models, trainers, criteria, data sets and the command as Ultralytics has them."""
