"""The small files of a run on S3's protocol, against a server of moto on loopback.

Spark's own tables go there by Hadoop's client, which needs jars that no package of pip brings: that is not tested.
"""

import threading
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.fs as fs
import pytest
from standalone import bare, free_port, guarded, wait_for

from pipeline.runtime import files
from pipeline.runtime.errors import RunError

SERVER = Path(__file__).parents[2] / "build/moto/bin/moto_server"
pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="no server of moto: run make test-cluster")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server."""
    folder, port = tmp_path_factory.mktemp("moto"), free_port()
    command = [str(SERVER), "-H", "127.0.0.1", "-p", str(port)]
    with guarded(command, bare(folder), folder, folder / "log"):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/moto-api/"), 60, folder / "log")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def bucket(address: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """An empty bucket, with what says where it is and who asks, as users say it: by variables."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    name = f"bucket-{zlib.crc32(request.node.name.encode())}"
    fs.S3FileSystem(endpoint_override=address, allow_bucket_creation=True).create_dir(name)
    return f"s3a://{name}/deep/runs"


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_file_is_written_read_and_replaced(bucket: str) -> None:
    path = files.join(bucket, "r1", "run.json")
    assert files.read_json(path) is None
    files.write_json(path, {"a": "ü"})
    assert files.read_json(path) == {"a": "ü"}
    files.write_json(path, {"a": 2})
    assert files.read_json(path) == {"a": 2}
    assert files.exists(path)
    assert not files.exists(files.join(bucket, "r1", "other.json"))


def test_nothing_but_the_file_stays_where_it_was_written(bucket: str) -> None:
    for number in range(3):
        files.write_text(files.join(bucket, "t", "a.txt"), str(number))
    system, inside = files.open_storage(bucket)
    found = system.get_file_info(fs.FileSelector(inside, recursive=True))
    assert [info.base_name for info in found if info.type is fs.FileType.File] == ["a.txt"]


def test_sizes_and_folders_leave_hidden_files_out(bucket: str) -> None:
    for name, text in (("b/part-0", "12345"), ("b/_SUCCESS", ""), ("b/.x", "1"), ("a/c/part-1", "1")):
        files.write_text(files.join(bucket, name), text)
    assert files.sizes(bucket) == {"a/c/part-1": 1, "b/part-0": 5}
    assert files.folders(bucket) == ["a", "b"]
    assert files.sizes(files.join(bucket, "nowhere")) == {}
    assert files.folders(files.join(bucket, "nowhere")) == []


def test_files_and_folders_are_removed_and_their_neighbours_stay(bucket: str) -> None:
    for name in ("a/1", "a/b/2", "ab/3", "c"):
        files.write_text(files.join(bucket, name), "x")
    files.remove(files.join(bucket, "a"))
    files.remove(files.join(bucket, "c"))
    files.remove(files.join(bucket, "never-there"))
    assert files.sizes(bucket) == {"ab/3": 1}


def test_a_pointer_that_is_replaced_is_read_as_the_old_or_the_new_one(bucket: str) -> None:
    # Of one size: the client asks for an object's size first, and for its bytes then.
    path, wrong = files.join(bucket, "pointer.json"), []
    texts = ["a" * 500, "b" * 500]
    files.write_text(path, texts[0])
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            found = files.read_text(path)
            if found not in texts:
                wrong.append(found)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(20):
        files.write_text(path, texts[number % 2])
    done.set()
    reader.join()
    assert wrong == []


def test_a_file_is_made_where_there_is_none(bucket: str) -> None:
    path = files.join(bucket, "lock.json")
    assert files.write_new(path, "mine")
    assert not files.write_new(path, "yours")
    assert files.read_text(path) == "mine"


def test_a_damaged_record_is_named_by_its_path(bucket: str) -> None:
    path = files.join(bucket, "run.json")
    files.write_text(path, "{")
    with pytest.raises(RunError, match=path):
        files.read_json(path)
