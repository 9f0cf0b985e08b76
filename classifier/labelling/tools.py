"""Other tools, whose files labels can be written as."""

from enum import StrEnum


class Tool(StrEnum):
    """A tool that has files of labelled images."""

    LABEL_STUDIO = "label-studio"
    HUGGINGFACE = "huggingface"
    PADDLEOCR = "paddleocr"
    KRAKEN = "kraken"
