"""Which nodes of a cluster train: those that give the numbers that the others give."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.config.schema import Config
from hhexp.experiment import check_config
from hhexp.launching.engines import nodes
from hhexp.launching.engines.nodes import (
    Surroundings,
    Survey,
    choose_reference,
    find_difference,
    survey,
)

HOME = Surroundings("here", ".", {})
INTEL = {"native": "avx512_core_amx", "avx2": "avx2"}
AMD = {"native": "avx512_core_bf16", "avx2": "avx2"}
OLD = {"native": "avx2", "avx2": "avx2"}


def make_config(*words: str) -> Config:
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", list(words)), resolve=True)
    return check_config(values)


def node(isa: dict[str, str], tables: str = "intel", **changes: Any) -> Survey:
    """What a node says, with one data set."""
    data = {make_config().data.model_dump_json(): "images"}
    return replace(Survey("a", {"tensorflow": "2.21"}, isa, tables, data), **changes)


def judge(other: Survey, *words: str) -> str:
    return find_difference(node(INTEL), other, [make_config(*words)])


def test_a_node_that_is_like_the_others_is_used() -> None:
    assert judge(node(INTEL)) == ""


def test_another_instruction_set_is_used_only_under_a_limit_that_both_have() -> None:
    assert "computes with avx2, those of the others with avx512_core_amx" in judge(node(OLD))
    assert judge(node(OLD), "runtime.isa=avx2") == ""


def test_another_vendor_is_used_where_the_model_is_portable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = node(AMD, "amd")
    assert judge(other, "runtime.isa=avx2") == ""
    monkeypatch.setattr(nodes, "foresee_portability", lambda _: "the model own is looked at")
    assert "another vendor" in judge(other, "runtime.isa=avx2")


def test_other_code_other_images_and_faults_are_named() -> None:
    assert judge(node(INTEL, code={"tensorflow": "2.20"})) == (
        "tensorflow is 2.20 there, and 2.21 here: install the same versions"
    )
    assert judge(node(INTEL, data={})) == "data=horses_or_humans: other images than here"
    assert judge(node(INTEL, fault="data.root=x: no such folder")) == "data.root=x: no such folder"


def test_the_cpu_that_most_places_have_decides() -> None:
    found = {"a": node(OLD, "amd"), "b": node(INTEL), "c": node(INTEL)}
    home = node(AMD, "amd", host="laptop")
    few = choose_reference(home, found, {"a": 2, "b": 1, "c": 2})
    assert (few.instruction_sets, few.approximations, few.host) == (INTEL, "intel", "laptop")
    assert choose_reference(home, found, {"a": 4, "b": 1, "c": 2}).instruction_sets == OLD


def test_a_machine_reads_the_images_and_says_what_it_is_and_what_is_missing(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_CACHE", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    small = ["data=folder", "model.filters=[8,8]"]
    config = make_config(*small, f"data.root={pictures}", "tracking.uri=http://nowhere.invalid")
    home = Surroundings.find()
    here = survey([config], home)
    assert here.fault == ""
    assert list(here.data) == [config.data.model_dump_json()]
    assert list(tmp_path.iterdir()) != []
    assert find_difference(here, survey([config], home), [config]) == ""
    gone = survey([make_config(*small, f"data.root={tmp_path / 'gone'}")], home)
    assert gone.fault.endswith("gone: no such folder")
    local = make_config(*small, f"data.root={pictures}")
    assert "start an MLflow server" in survey([local], replace(home, host="another")).fault
    assert "nowhere.invalid" in survey([config], replace(home, host="another")).fault


def test_the_store_is_the_commands_and_folders_are_the_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://node")
    monkeypatch.setenv("HHEXP_CACHE", "node")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    environment = {"MLFLOW_TRACKING_URI": "http://home", "HHEXP_CACHE": "home", "HHEXP_DATA": "d"}
    for name in environment:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.delenv("HHEXP_DATA")
    Surroundings("home", "no such folder", environment).enter()
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://home"
    assert (os.environ["HHEXP_CACHE"], os.environ["HHEXP_DATA"]) == ("node", "d")
    assert "OMP_NUM_THREADS" not in os.environ and Path.cwd() == tmp_path
