"""Which instruction sets and thread counts give the same bits, and what each costs.

    python benchmarks/bits.py                                 caps and threads, as a table
    python benchmarks/bits.py --isa avx2 --threads 1 2 --json
    python benchmarks/bits.py --record                        also save them for the tests, with
                                                              the hashes of one_step.py

Each pair trains the study's network for three steps on the real images, in its own process.
The third step has only three images, like the last step of the study's epochs.
The cost is in CPU seconds of all threads, which change little on a busy machine.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

RECORD = Path(__file__).parents[1] / "tests/training/expected_bits.json"
ONE_STEP = [("avx2", "float32"), ("avx512", "float32"), ("native", "float32")]
ONE_STEP += [("native", "mixed_bfloat16")]
CAPS = ["native", "avx512_fp16", "avx512_bf16", "avx512_vnni", "avx512", "avx2_vnni", "avx2"]


def train(isa: str, threads: int) -> dict[str, Any]:
    """Train the steps in this process; returns what they used, gave and cost."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    from hhexp.data import epoch_order
    from hhexp.experiment.assembly import Training
    from hhexp.experiment.job import check_config, read_data
    from hhexp.training.batches import make_batches
    from hhexp.training.isa import find_effective
    from hhexp.training.runtime import start_tensorflow
    from hhexp.training.state import hash_weights

    with initialize_config_module("hhexp.conf", version_base=None):
        composed = compose("config", ["aug=full"])
    values = cast(dict[str, Any], OmegaConf.to_container(composed, resolve=True))
    config = check_config(values)
    dataset = read_data(config)
    device = start_tensorflow(device="cpu", threads=threads, precision="float32", isa=isa)
    training = Training.assemble(config, dataset, device)
    portability = training.check_portability()
    chosen = epoch_order(config.seed, 1, len(dataset.train.paths))[: 2 * config.batch_size + 3]
    made = make_batches(
        dataset.train.images,
        dataset.train.labels,
        chosen,
        epoch=1,
        batch_size=config.batch_size,
        augment=training.augmentation,
    )
    before, seen, seconds = hash_weights(training.model), hashlib.sha256(), []
    for images, labels in made:
        seen.update(images.numpy())
        started = time.process_time()
        training.step(images, labels)
        seconds.append(time.process_time() - started)
    return {
        "isa": isa,
        "effective": find_effective(isa),
        "threads": threads,
        "cpu": device.name,
        "cpu_s_a_step": round(seconds[1], 3),
        "portability": str(portability),
        "start": before,
        "images": seen.hexdigest(),
        "weights": hash_weights(training.model),
        **made_by(),
    }


def apart(isa: str, threads: int) -> dict[str, Any]:
    """``train`` in a fresh process."""
    return run("bits.py", "--here", "--isa", isa, "--threads", str(threads))


def run(script: str, *words: str) -> dict[str, Any]:
    """What a script of this folder prints as its last line."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def made_by() -> dict[str, Any]:
    """What decides the bits beside code, instruction set and threads."""
    from hhexp.experiment.identity import PACKAGES

    return {"versions": {name: version(name) for name in PACKAGES}}


def name_machine() -> str:
    """The CPU's vendor, name, model and set, and which tables it approximates with."""
    from hhexp.training.approximations import fingerprint_approximations
    from hhexp.training.isa import find_effective

    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    model = f"family {said['cpu family']} model {said['model']}"
    tables = f"approximations {fingerprint_approximations()}"
    words = (said["vendor_id"], said["model name"], model, find_effective("native"), tables)
    return ", ".join(words)


def record(results: list[dict[str, Any]]) -> None:
    """Add this machine's hashes to the record; what other versions gave is dropped."""
    old, first = json.loads(RECORD.read_text()), results[0]
    same = ("versions", "start", "images")
    kept = old if all(old.get(part) == first[part] for part in same) else {}
    three, small = kept.get("three_steps", {}), kept.get("one_step", {})
    for result in results:
        by_threads = three.setdefault(result["effective"], {})
        note(by_threads, str(result["threads"]), "weights", result["weights"])
    for isa, precision in ONE_STEP:
        made = run("one_step.py", "--isa", isa, "--threads", "2", "--precision", precision)
        note(small.setdefault(made["effective"], {}), precision, "hashes", made["hashes"])
    made = {
        **{key: old[key] for key in ("what", "earlier_trial")},
        **{part: first[part] for part in same},
        "three_steps": dict(sorted(three.items())),
        "one_step": dict(sorted(small.items())),
    }
    RECORD.write_text(json.dumps(made, indent=1) + "\n")


def note(found: dict[str, Any], key: str, name: str, value: Any) -> None:
    """Note what this machine gave: beside the others that gave the same, or in their place."""
    machines = {name_machine()}
    if found.get(key, {}).get(name) == value:
        machines |= set(found[key]["seen_on"])
    found[key] = {name: value, "seen_on": sorted(machines)}


def main() -> None:
    """Train each pair of a cap and a thread count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", nargs="+", default=CAPS, help="values of runtime.isa")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="numbers of threads")
    parser.add_argument(
        "--json", action="store_true", help="one line of JSON for each, with complete hashes"
    )
    parser.add_argument(
        "--record", action="store_true", help="add the results to the record of the tests"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    results = []
    for isa in chosen.isa:
        for threads in chosen.threads:
            result = train(isa, threads) if chosen.here else apart(isa, threads)
            results.append(result)
            if chosen.json or chosen.here:
                print(json.dumps(result), flush=True)
            else:
                shown = {k: v for k, v in result.items() if k not in ("versions", "sources")}
                shown |= {k: result[k][:8] for k in ("start", "images", "weights")}
                print("  ".join(f"{k} {v}" for k, v in shown.items()), flush=True)
    if chosen.record:
        record(results)


if __name__ == "__main__":
    main()
