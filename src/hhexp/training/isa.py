"""Placeholder until the real one lands."""


def effective(option: str) -> str:
    return option


def environment(option: str) -> dict[str, str]:
    return {} if option == "native" else {"ONEDNN_MAX_CPU_ISA": option.upper()}
