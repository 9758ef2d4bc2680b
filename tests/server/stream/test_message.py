"""Messages of the stream, as bytes."""

import json
import struct

from cellrun.core.live.frame import Frame, LogPart
from cellrun.server.stream.message import Message, error_message
from tests.core.live import frame_lives
from tests.server.described import check_message


def test_a_frame_is_json_and_buffers_and_only_the_channel_differs():
    frame = Frame(7, reset=True, header={"name": "\ud800 ü"}, log=LogPart(0, 3, reset=True, data=b"abc"))
    message = Message.of_frame(frame, "e1")
    for channel in (1, 2, 1):
        data = message.to(channel)
        end = 4 + struct.unpack_from("<I", data)[0]
        content = json.loads(data[4:end])
        assert (content["channel"], content["epoch"], content["frame"], content["lengths"]) == (channel, "e1", 7, [3])
        assert content["header"] == {"name": "\ud800 ü"}
        assert data[end:] == b"abc"
        assert abs(message.size_bytes - len(data)) < 40


def test_a_message_is_put_together_once_for_a_channel_number():
    message = Message({"type": "rows"})
    assert message.to(3) is message.to(3)
    assert json.loads(message.to(3)) == {"type": "rows", "channel": 3}
    assert not message.is_binary


def test_an_error_names_its_channel_or_none():
    assert json.loads(error_message(None, 400, "no"))["channel"] is None
    assert json.loads(error_message(5, 404, "no")) == {"type": "error", "channel": 5, "status": 404, "message": "no"}


def test_all_recorded_frames_are_as_openapi_yaml_says():
    for life in json.loads(frame_lives.FILE.read_text())["lives"]:
        for frame in life["frames"]:
            check_message(frame["content"])
