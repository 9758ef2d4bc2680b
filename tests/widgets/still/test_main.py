"""The process that draws stills."""

import json

from cellrun.widgets.still.__main__ import main


def test_runs_that_are_gone_or_damaged_hide_no_other(layout, tmp_path, capsys):
    gone, empty, odd = (tmp_path / name for name in ("gone", "empty", "odd"))
    for folder in (empty, odd):
        folder.mkdir()
    (odd / "run.json").write_text("[]")
    main([str(folder) for folder in (gone, empty, odd, layout.folder)])
    (line,) = capsys.readouterr().out.splitlines()
    answer = json.loads(line)
    assert answer["folder"] == str(layout.folder)
    assert set(answer["data"]) == {"text/html", "image/png", "text/plain"}
