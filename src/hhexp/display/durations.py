"""Durations in words."""


def format_duration(seconds: float) -> str:
    """Say a duration of so many seconds: "40 s", "1 min 30 s", "12 min", "1 h 05 min".

    Seconds are left out from ten minutes on.
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
