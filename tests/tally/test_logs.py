"""Logs: rotated in place while their writer goes on, read from the end, followed."""

from tally.logs import LogFiles, follow, tail, without_stack


def test_a_log_that_is_too_large_is_rotated_while_its_writer_goes_on(tmp_path):
    files = LogFiles(tmp_path, 10)
    with files.open("job") as writer:
        for generation in range(5):
            writer.write(f"generation {generation}\n".encode())
            files.rotate()
        writer.write(b"now\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "job.log": "now\n",
        "job.log.1": "generation 4\n",
        "job.log.2": "generation 3\n",
        "job.log.3": "generation 2\n",
    }


def test_a_small_log_is_left_alone(tmp_path):
    files = LogFiles(tmp_path, 10)
    with files.open("job") as writer:
        writer.write(b"0123456789")
        files.rotate()
    assert [path.name for path in tmp_path.iterdir()] == ["job.log"]


def test_the_end_of_a_log_is_read_whatever_its_length(tmp_path):
    path = tmp_path / "job.log"
    path.write_text("".join(f"{number} {'x' * 100}\n" for number in range(5000)))
    assert [line.split()[0] for line in tail(path, 1500)] == [str(number) for number in range(3500, 5000)]
    path.write_text("one\ntwo")
    assert tail(path, 10) == ["one", "two"]
    path.write_text("")
    assert tail(path, 10) == []


def test_following_goes_on_after_a_rotation(tmp_path):
    path = tmp_path / "job.log"
    path.write_text("one\n")
    ((text, position),) = follow(path, 0)
    assert (text, list(follow(path, position))) == ("one\n", [])
    path.write_text("x\n")
    assert [text for text, _ in follow(path, position)] == ["x\n"]


def test_the_frames_of_a_stack_trace_say_nothing():
    lines = [
        "job: starts",
        "Caused by: java.lang.IllegalStateException: Cannot map checkpoint",
        "\tat org.apache.flink.runtime.scheduler.SchedulerBase.<init>(SchedulerBase.java:255)",
        "        at java.base/java.lang.Thread.run(Thread.java:840)",
        "\t... 5 more",
        "  ",
        "at last it ended",
    ]
    assert without_stack(lines) == [lines[0], lines[1], lines[6]]
