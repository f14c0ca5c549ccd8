"""Names that somebody has given to a data set, a model, a run or a folder, one for each thing that could go wrong."""

ODD = (
    "$",
    "a$b$c",
    r"$\frac{",
    r"back\slash",
    "_x_",
    "**bold** ~~not~~",
    'it\'s "quoted"',
    "`tick` ```",
    "<b>&amp;",
    "a|b",
    "[0, 1]",
    "*",
    "new\nline\r",
    "\x1b[31mred\x1b[0m\x07",
    "[red]rich[/] :smile:",
    "a,b;c",
    "right\u202eleft\u2028",
    "no Unicode \udcff",
    "--dash-- %#&",
)
#: What a terminal or a line can't have in it.
FORBIDDEN = "\n\r\x1b\x07\u202e\u2028\udcff"
