"""The command line's manners: Chinese usage and errors, text that every terminal takes, tables in
aligned columns.
"""

from __future__ import annotations

import errno
import re
import sys
import traceback
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

from creditcalc.problems import ProblemError, nearest, shown

OPTIONS = "[选项]"
REASONS = {
    errno.ENOSPC: "磁盘满了，腾出空间再运行",
    errno.EFBIG: "磁盘放不下这么大的文件",
    errno.EROFS: "这个位置是只读的，换一个",
    errno.EACCES: "没有权限，或文件正在别的程序里打开",
    errno.EPERM: "没有权限，或文件正在别的程序里打开",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
}
NUMERIC_CELL = re.compile(r"[-+]?[0-9,.]+%?|—|")


class Command(click.Command):
    """A command whose usage, help and faults of a call are in Chinese."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"options_metavar": OPTIONS, **settings})
        self.params.append(
            click.Option(
                ["--debug"], is_flag=True, expose_value=False, help="出错时显示完整的调用栈"
            )
        )
        self.params.append(_help_option())
        self.add_help_option = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments of a call; UsageError for those that are too many."""
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        if rest and not allowed:
            raise click.UsageError(f"多余的参数：{shown(' '.join(rest))}", ctx)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The line that shows how to call."""
        formatter.write_usage(
            ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="用法："
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, each with what it does."""
        records = [
            param.get_help_record(ctx) for param in self.params if isinstance(param, click.Option)
        ]
        formatter.write(_explained("选项", [record for record in records if record]))


class Program(click.Group, Command):
    """The group of all commands: tells every error in a short paragraph and ends with the status
    that it deserves.
    """

    command_class = Command

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "命令 [参数]…", **settings})

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, each with its first sentence."""
        commands = [
            (name, command.get_short_help_str(limit=200)) for name, command in self.commands.items()
        ]
        formatter.write(_explained("命令", commands))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options and commands."""
        Command.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; UsageError with what there is instead."""
        if args[0] not in self.commands:
            cure = nearest(args[0], self.commands) or f"有：{'、'.join(self.commands)}"
            raise click.UsageError(f"没有命令 {shown(args[0])}。{cure}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run a call and end the process with 0 (done), 1 (something could not be done) or 2 (the
        call is wrong).
        """
        arguments = (args[0] if args else settings.get("args")) or sys.argv[1:]
        try:
            status = super().main(*args, **{**settings, "standalone_mode": False})
        except (Exception, KeyboardInterrupt) as error:
            if "--debug" in arguments:
                traceback.print_exc()
            else:
                sys.unraisablehook = lambda _: (
                    None
                )  # files that openpyxl could not close would have the last word
            status = tell(error)
        sys.exit(status)


def tell(error: BaseException) -> int:
    """Say on stderr what went wrong, and the exit status for it."""
    if isinstance(error, ProblemError):
        paragraphs, status = [str(problem) for problem in error.problems], 2
    elif isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "creditcalc"
        paragraphs, status = [f"{in_chinese(error)}。用法见 {command} --help"], 2
    elif isinstance(error, (KeyboardInterrupt, click.Abort)):
        paragraphs, status = ["已中断"], 1
    elif isinstance(error, OSError):
        place = f"：{error.filename}" if error.filename else ""
        paragraphs, status = (
            [f"读写文件失败{place}（{REASONS.get(error.errno or 0) or error.strerror or error}）"],
            1,
        )
    elif isinstance(error, MemoryError):
        paragraphs, status = ["内存不够。关掉别的程序，或用 --jobs 1 同时只做一页"], 1
    else:
        paragraphs, status = (
            [f"程序出错：{type(error).__name__}：{shown(error)}。加 --debug 看调用栈"],
            1,
        )
    for paragraph in paragraphs:
        click.echo(paragraph, err=True)
    return status


def in_chinese(error: click.UsageError) -> str:
    """What is wrong with a call.

    >>> in_chinese(click.NoSuchOption("--perod", possibilities=["--period"]))
    '没有选项 --perod，是否指 --period？'
    """
    if isinstance(error, click.NoSuchOption):
        instead = f"，是否指 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有选项 {shown(error.option_name)}{instead}"
    if isinstance(error, click.MissingParameter) and error.param:
        return f"缺少 {_label(error.param)}"
    if isinstance(error, click.BadParameter) and error.param:
        return f"{_label(error.param)} 的值不对：{shown(error.message)}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的用法不对，后面须有且只有一个值"
    return error.format_message()


def _label(param: click.Parameter) -> str:
    return (
        param.opts[0]
        if isinstance(param, click.Option)
        else param.make_metavar(click.Context(click.Command("")))
    )


def _explained(title: str, entries: Sequence[tuple[str, str]]) -> str:
    """Names beside what they mean, under a title; click counts Chinese characters as narrow."""
    names = _padded([name for name, _ in entries])
    return f"\n{title}：\n" + "".join(
        f"  {name}  {text}\n" for name, (_, text) in zip(names, entries, strict=True)
    )


def _help_option() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    return click.Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="显示这段说明",
    )


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says, and what it cannot hold as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def width(text: str) -> int:
    """The columns that a text takes in a terminal, where a Chinese character takes two.

    >>> width("范县 a")
    6
    """
    return sum(
        0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1
        for ch in text
    )


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a header in columns that line up, those of numbers to the right.

    >>> print(aligned(["县区", "得分"], [["范县", "9.50"], ["华龙区", "71.25"]]))
    县区     得分
    范县     9.50
    华龙区  71.25
    """
    lines = [header, *rows]
    columns = [_padded([_one_line(cell) for cell in column]) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def _padded(cells: list[str]) -> list[str]:
    """A column's cells, the header's being the first, all equally wide."""
    wide = max(map(width, cells))
    numbers = all(NUMERIC_CELL.fullmatch(cell) for cell in cells[1:])
    return [
        " " * (wide - width(cell)) + cell if numbers else cell + " " * (wide - width(cell))
        for cell in cells
    ]


def _one_line(text: str) -> str:
    return "".join(ch if ch.isprintable() else " " for ch in text)
