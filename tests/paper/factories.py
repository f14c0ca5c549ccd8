"""Small results of the commands of `make paper`, whose statements have a known result."""

from yolo_feiou.paper.evidence import CONDITIONS, Evidence
from yolo_feiou.simulation.claims import CLAIMS
from yolo_feiou.storage.tables import write_csv

RUNS = sorted({run for _, run, _ in CONDITIONS})
LOSSES = ["iou", "giou", "ciou", "eiou", *dict.fromkeys(focal for _, _, focal in CONDITIONS)]
OTHERS = ("iou_mean", "iou_best", "iou_05", "iou_50", "share_90")
ERRORS = {"iou": 20, "giou": 19, "ciou": 18, "eiou": 17}


def evidence(folder, facts=(), **tables):
    """Evidence of facts by their names, and of tables by theirs: `figure1__figure1` is figure1/figure1.csv."""
    facts = {"some.fact": 0.5, **dict(facts)}
    write_csv(folder / "facts.csv", [{"name": name, "value": value, "meaning": ""} for name, value in facts.items()])
    for name, rows in tables.items():
        path = folder / f"{name.replace('__', '/')}.csv"
        path.parent.mkdir(exist_ok=True)
        write_csv(path, rows)
    return Evidence(folder)


def last_steps(column="error", **values):
    """The steps of a simulation: at the start all losses have 30 in a column, after the last step these values."""
    return [
        {"loss": loss, "step": step, column: float(value)}
        for loss, last in values.items()
        for step, value in enumerate((30, last))
    ]


def find_statement(section, words):
    """The statement of a section that has these words."""
    (found,) = [statement for statement in section if words in statement.says]
    return found


def results(folder, error):
    """Write simulations whose last error is `error(run, loss)`; what else is recorded is 0."""
    for run in RUNS:
        for setup in (1, 2):
            rows = [
                {"loss": loss, "step": step, "error": value, **dict.fromkeys(OTHERS, 0.0)}
                for loss in LOSSES
                for step, value in enumerate((30.0, 25.0, float(error(run, loss))))
            ]
            (folder / run.format(setup)).mkdir()
            write_csv(folder / run.format(setup) / "steps.csv", rows)
    write_csv(folder / "facts.csv", [{"name": "some.fact", "value": 0.5, "meaning": ""}])
    (folder / "readings").mkdir()
    write_csv(
        folder / "readings" / "readings.csv",
        [{**{f"claim_{i}": i % 2 for i, _ in enumerate(CLAIMS, 1)}, "holds": 6}] * 2
        + [{**{f"claim_{i}": 1 for i, _ in enumerate(CLAIMS, 1)}, "holds": 11}],
    )
    return Evidence(folder)
