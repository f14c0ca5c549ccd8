"""The files in which an ablation hands its results over to a report."""

RESULTS = "results.csv"  # a row a run
ARGUMENTS = "arguments.csv"  # a row a run, with all arguments of its training that are recorded
CURVES = "curves.csv"  # a row an epoch, with Ultralytics' columns
BOX_STATS = "box_stats.csv"  # a row an epoch, see `box_stats.BoxStats`
PREFLIGHT = "preflight.csv"  # a row a loss, see `gradient_norms.measure_gradient_norms`
