"""The most memory that driver and executors need, item by item, told from counts and from what the stages hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.vocabulary.clustering.memory import Load
from pipeline.vocabulary.mining.tally import counter_bits

# GB of Python processes before they hold anything: libraries, word lists, an encoder in each worker. Measured.
_DRIVER, _WORKER = 1.5, 1.0
_HEAP = 1.0  # GB of Java for each task at work; with less, it spills more
_ID = 8  # bytes of a phrase's hash
_MARGIN = 1.5  # mentions reach mine.min_images before distinct images do, and hashes are gathered by mentions
_COPIES = 4  # of all hashes in the driver at one time: from Spark, as Arrow, sorted, as bytes
_TALLY = 0.2  # GB of a worker's exact sums
_RESULT = 1 << 30  # bytes that Spark lets tasks send to the driver, unless spark.driver.maxResultSize is set


@dataclass(frozen=True, slots=True)
class Memory:
    """GB, most at one time.

    Attributes:
        driver: what for -> GB, the Java heap and the Python process of the driver.
        executor: what for -> GB, of one executor with all its tasks at work.
        clustering: GB that clustering needs.
        gathered: bytes that tasks send to the driver at once.
    """

    driver: Mapping[str, float]
    executor: Mapping[str, float]
    clustering: float
    gathered: float

    def faults(self, memory_gb: float, driver_memory_gb: float, config: Mapping[str, Any]) -> list[str]:
        """What does not fit, and which setting to change; empty where all does."""
        told = []
        needed, each = sum(self.driver.values()), sum(self.executor.values())
        if needed > driver_memory_gb:
            what = max(self.driver, key=lambda name: self.driver[name])
            told.append(
                f"The driver needs {needed:.1f} GB, and has {driver_memory_gb:g}: {self.driver[what]:.1f} for {what}. "
                f"Raise mine.min_images ({config['mine']['min_images']}) or lower mine.max_phrases "
                f"({config['mine']['max_phrases']:,}), or take a larger machine."
            )
        if each > memory_gb:
            what = max(self.executor, key=lambda name: self.executor[name])
            told.append(
                f"An executor needs {each:.1f} GB, and has {memory_gb:g}: {self.executor[what]:.1f} for {what}. "
                f"Give it fewer cores, or raise mine.min_images ({config['mine']['min_images']})."
            )
        if self.clustering > config["cluster"]["max_memory_gb"]:
            told.append(
                f"Clustering needs {self.clustering:.1f} GB, and cluster.max_memory_gb = "
                f"{config['cluster']['max_memory_gb']:g} refuses it. Raise it, or lower mine.max_phrases."
            )
        if self.gathered > _RESULT:
            told.append(
                f"Mining gathers {self.gathered / 1e9:.1f} GB of hashes in the driver, and Spark allows 1 GiB. Submit "
                f"with --conf spark.driver.maxResultSize={2 * self.gathered / 2**30:.0f}g, or raise mine.min_images."
            )
        return told


def find_memory(counts: Mapping[str, float], config: Mapping[str, Any], width: int, cores: int) -> Memory:
    """Memory for so many texts and phrases.

    Args:
        counts: texts, frequent phrases, kept and encoded ones.
        config: of the run that it is told from.
        width: dimensions of the vectors.
        cores: of an executor.
    """
    settings = config["cluster"]
    load = Load(
        phrases=round(counts["kept"]),
        encoded=round(counts["encoded"]),
        dimensions=width,
        neighbours=settings["neighbours"],
        rare_images=config["mine"]["rare_images"],
        method=settings["method"],
    )
    hashes = _ID * _MARGIN * counts["frequent"]
    counters = 4 * 2.0 ** counter_bits(round(counts["texts"]))
    return Memory(
        driver={
            "its own": _DRIVER,
            "the Java heap": 1.0 + 2 * hashes / 1e9,
            # Hashes are let go before clustering starts.
            "clustering or the hashes of frequent phrases": max(load.gigabytes, _COPIES * hashes / 1e9),
        },
        executor={
            "Java": _HEAP * cores,
            "Python workers' own": _WORKER * cores,
            "the workers' counters or hashes of frequent phrases": cores * max(counters / 1e9 + _TALLY, hashes / 1e9),
        },
        clustering=load.gigabytes,
        gathered=hashes,
    )
