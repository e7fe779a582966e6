"""What vttest's pages try, and more: sequences, and the screen, the cursor and the answers that xterm gives for them.

The names say the function and the case. Each page is fed whole, byte by byte, and after a page that left everything
turned on; all three must look the same.
"""

from dataclasses import dataclass, field

__all__ = ["COLUMNS", "PAGES", "ROWS", "Page"]

COLUMNS, ROWS = 12, 6


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes, and what is to be seen: rows without trailing blanks, no empty rows at the end.

    `cursor` is column and row from 0, None where it does not matter; `says` are the answers to the program.
    """

    name: str
    fed: bytes
    screen: list[str] = field(default_factory=list[str])
    cursor: tuple[int, int] | None = None
    says: bytes = b""


def _page(name: str, fed: str, screen: str = "", cursor: tuple[int, int] | None = None, says: str = "") -> Page:
    """A page in text: `|` divides the rows of the screen, and `^[` stands for the escape character."""
    rows = screen.split("|") if screen else []
    return Page(name, fed.replace("^[", "\x1b").encode(), rows, cursor, says.replace("^[", "\x1b").encode())


_FILL = "111\r\n222\r\n333\r\n444\r\n555\r\n666"
_ALL = "111|222|333|444|555|666"

_CURSOR = (
    _page("CUU stops at the top", "^[[3;3H^[[9AX", "  X", (3, 0)),
    _page("CUD stops at the bottom", "^[[3;3H^[[9BX", "|||||  X", (3, 5)),
    _page("CUF stops at the margin", "^[[99CX", "           X", (11, 0)),
    _page("CUB stops at the left", "abc^[[99DX", "Xbc", (1, 0)),
    _page("a count of 0 is 1", "^[[3;3H^[[0A^[[0B^[[0C^[[0DX", "||  X", (3, 2)),
    _page("CUU stops at the top margin of the region", "^[[3;5r^[[4;1H^[[9AX", "||X"),
    _page("CUU above the region goes to the top of the screen", "^[[3;5r^[[2;1H^[[9AX", "X"),
    _page("CUD stops at the bottom margin of the region", "^[[2;4r^[[3;1H^[[9BX", "|||X"),
    _page("CUD below the region goes to the bottom of the screen", "^[[2;4r^[[5;1H^[[9BX", "|||||X"),
    _page("CNL and CPL go to the first column", "^[[2;4Ha^[[2Eb^[[Fc", "|   a|c|b", (1, 2)),
    _page("CHA and HPA", "^[[5Ga^[[2`b", " b  a", (2, 0)),
    _page("VPA keeps the column", "ab^[[4dc", "ab|||  c", (3, 3)),
    _page("HPR and VPR", "a^[[2ab^[[2ec", "a  b||    c", (5, 2)),
    _page("CUP without parameters is home", "abc^[[HX", "Xbc", (1, 0)),
    _page("CUP with one parameter is a row", "^[[3HX", "||X", (1, 2)),
    _page("CUP with an empty row is the first", "^[[;5HX", "    X"),
    _page("HVP is CUP", "^[[2;3fX", "|  X", (3, 1)),
    _page("numbers too big are as big as it gets", "^[[99999;99999HX", "|||||           X"),
    _page("BS stops at the left", "a\b\b\bX", "X", (1, 0)),
    _page("LF keeps the column", "ab\ncd", "ab|  cd", (4, 1)),
    _page("VT and FF are LF", "a\vb\fc", "a| b|  c", (3, 2)),
    _page("LNM: LF goes to the first column, too", "^[[20hab\ncd^[[20l", "ab|cd", (2, 1)),
    _page("IND goes down, NEL to the next line", "ab^[Dcd^[Eef", "ab|  cd|ef", (2, 2)),
    _page("RI goes up", "^[[3;3Ha^[Mb", "|   b|  a", (4, 1)),
    _page("NUL and DEL are nothing", "a\x00b\x7fc", "abc", (3, 0)),
    _page("controls act inside of a sequence", "ab^[[2\bCX", "ab X"),
    _page("CAN and SUB give a sequence up", "^[[3\x18A^[[3\x1aB", "AB"),
)

_WRAP = (
    _page("the last column waits", "123456789012", "123456789012", (11, 0)),
    _page("the next character wraps", "123456789012X", "123456789012|X", (1, 1)),
    _page("CR forgets the wrap", "123456789012\rX", "X23456789012", (1, 0)),
    _page("BS forgets the wrap", "123456789012\bX", "1234567890X2", (11, 0)),
    _page("moving forgets the wrap", "123456789012^[[CX", "12345678901X", (11, 0)),
    _page("moving up and down forgets the wrap", "\r\n123456789012^[[A^[[BX", "|12345678901X", (11, 1)),
    _page("EL does not move, and the wrap is forgotten", "123456789012^[[KX", "12345678901X"),
    _page("SGR keeps the wrap", "123456789012^[[1mX", "123456789012|X", (1, 1)),
    _page("LF goes down without another wrap", "123456789012\nX", "123456789012|           X"),
    _page("a wrap at the bottom scrolls", "^[[6;1H1234567890123", "||||123456789012|3", (1, 5)),
    _page("a wrap at the region's end scrolls the region", "^[[1;2r^[[2;1H1234567890123", "123456789012|3", (1, 1)),
    _page("DECAWM off: the margin is written over", "^[[?7l1234567890123456^[[?7h", "123456789016", (11, 0)),
    _page("DECAWM on again", "^[[?7l^[[?7h1234567890123", "123456789012|3"),
    _page(
        "the cursor is reported in the last column while it waits",
        "123456789012^[[6n",
        "123456789012",
        None,
        "^[[1;12R",
    ),
    _page("DECSC keeps the wrap", "123456789012^[7^[[3;3H^[8X", "123456789012|X"),
    _page("reverse wrap is off", "^[[2;1H\b\bX", "|X"),
)

_SCROLL = (
    _page("IND at the bottom scrolls", _FILL + "^[D", "222|333|444|555|666", (3, 5)),
    _page("NEL at the bottom scrolls", _FILL + "^[EX", "222|333|444|555|666|X"),
    _page("RI at the top scrolls back", _FILL + "^[[H^[M", "|111|222|333|444|555", (0, 0)),
    _page("SU", _FILL + "^[[2S", "333|444|555|666", (3, 5)),
    _page("SD", _FILL + "^[[2T", "||111|222|333|444", (3, 5)),
    _page("SU of more rows than there are", _FILL + "^[[99S", ""),
    _page("DECSTBM goes home", "abc^[[2;4rX", "Xbc", (1, 0)),
    _page("DECSTBM with one row is refused", "abc^[[3;3r^[[6;1H\nX", "|||||X"),
    _page("DECSTBM upside down is refused", "abc^[[4;2r^[[6;1H\nX", "|||||X"),
    _page("DECSTBM without parameters is the screen", "^[[2;3r^[[r" + _FILL + "\r\n777", "222|333|444|555|666|777"),
    _page("LF at the region's end scrolls it alone", _FILL + "^[[2;4r^[[4;1H\n", "111|333|444||555|666", (0, 3)),
    _page("LF below the region does not scroll at the bottom", _FILL + "^[[2;4r^[[6;1H\n\n", _ALL, (0, 5)),
    _page("RI at the region's top scrolls it alone", _FILL + "^[[2;4r^[[2;1H^[M", "111||222|333|555|666", (0, 1)),
    _page("RI above the region stops at the top", _FILL + "^[[2;4r^[[1;1H^[M", _ALL, (0, 0)),
    _page("SU and SD in the region", _FILL + "^[[2;5r^[[2S^[[T", "111||444|555||666"),
    _page("IL in the region", _FILL + "^[[2;5r^[[3;3H^[[2L", "111|222|||333|666", (0, 2)),
    _page("DL in the region", _FILL + "^[[2;5r^[[3;3H^[[2M", "111|222|555|||666", (0, 2)),
    _page("IL outside of the region does nothing", _FILL + "^[[2;4r^[[6;2H^[[2L", _ALL, (1, 5)),
    _page("DL outside of the region does nothing", _FILL + "^[[2;4r^[[1;2H^[[2M", _ALL, (1, 0)),
    _page("IL and DL of more rows than there are", _FILL + "^[[5;1H^[[99L^[[2;1H^[[99M", "111"),
)

_ORIGIN = (
    _page("CUP counts from the region", "^[[2;4r^[[?6h^[[2;3HX^[[?6l", "||  X"),
    _page("CUP stays in the region", "^[[2;4r^[[?6h^[[9;1HX^[[?6l", "|||X"),
    _page("VPA counts from the region", "^[[2;4r^[[?6h^[[2dX^[[?6l", "||X"),
    _page("setting and resetting it goes home", "^[[2;4r^[[3;3H^[[?6hX^[[?6lY", "Y|X"),
    _page("CPR counts from the region", "^[[3;5r^[[?6h^[[2;4H^[[6n", "", None, "^[[2;4R"),
    _page("DECSC keeps it", "^[[2;4r^[[?6h^[7^[[?6l^[8^[[1;1HX", "|X"),
    _page("ED does not care", _FILL + "^[[2;4r^[[?6h^[[2J", ""),
)

_ERASE = (
    _page("EL right", "abcdef^[[3G^[[K", "ab", (2, 0)),
    _page("EL left takes the cursor's cell", "abcdef^[[3G^[[1K", "   def", (2, 0)),
    _page("EL all", "abcdef^[[3G^[[2K", "", (2, 0)),
    _page("ED below takes the rest of the row", _FILL + "^[[3;2H^[[J", "111|222|3", (1, 2)),
    _page("ED above takes the cursor's cell", _FILL + "^[[3;2H^[[1J", "||  3|444|555|666", (1, 2)),
    _page("ED all keeps the cursor", _FILL + "^[[3;2H^[[2J", "", (1, 2)),
    _page("ED 3 keeps the screen", _FILL + "^[[3J", _ALL),
    _page("an unknown ED does nothing", _FILL + "^[[9J^[[9K", _ALL),
    _page("ECH", "abcdef^[[2G^[[3X", "a   ef", (1, 0)),
    _page("ECH stops at the margin", "abcdef^[[2G^[[99X", "a"),
    _page("ICH", "abcdef^[[2G^[[2@", "a  bcdef", (1, 0)),
    _page("ICH pushes over the margin", "123456789012^[[2G^[[2@X", "1X 234567890"),
    _page("DCH", "abcdef^[[2G^[[2P", "adef", (1, 0)),
    _page("DCH of more than there is", "abcdef^[[2G^[[99P", "a"),
    _page("IRM", "abc^[[2G^[[4hXY^[[4lZ", "aXYZc"),
    _page("IRM pushes over the margin", "123456789012^[[2G^[[4hX^[[4l", "1X2345678901"),
    _page("REP", "a^[[3b", "aaaa", (4, 0)),
    _page("REP wraps", "12345678901a^[[2b", "12345678901a|aa"),
    _page("REP repeats a wide character", "中^[[2b", "中中中", (6, 0)),
    _page("DECALN fills the screen and goes home", "^[[2;3r^[#8X", "X" + "E" * 11 + ("|" + "E" * 12) * 5, (1, 0)),
    _page("DECSED and DECSEL erase what is not protected", 'ab^[[1"qcd^[[0"qef^[[?2K', "  cd"),
    _page("SCOSC and SCORC", "ab^[[s^[[4;4H^[[uX", "abX", (3, 0)),
    _page("DECRC without DECSC is home", "^[[3;3H^[8X", "X"),
    _page("DECSC keeps the character set", "^[(0^[7^[(B^[8q", "─"),
)

_TABS = (
    _page("HT goes to every eighth column", "\tX", "        X"),
    _page("HT stops at the margin", "\t\t\tX", "           X", (11, 0)),
    _page("HT keeps what it passes", "abcdefghij\r\tX", "abcdefghXj"),
    _page("HTS and TBC", "^[[3g^[[4G^[H^[[7G^[H\r\tX\tY", "   X  Y"),
    _page("TBC of one stop", "^[[9G^[[g\r\tX", "           X"),
    _page("CBT", "^[[12G^[[ZX", "        X"),
    _page("CBT of more than there are", "^[[12G^[[9ZX", "X"),
    _page("CHT", "^[[3g^[[3G^[H^[[5G^[H\r^[[2IX", "    X"),
)

_SETS = (
    _page("line drawing", "^[(0lqwqk^[(B", "┌─┬─┐"),
    _page("all of the line drawing", "^[(0`afgjklm^[(B", "◆▒°±┘┐┌└"),
    _page("SO and SI", "^[)0a\x0eq\x0fq", "a─q"),
    _page("UTF-8 is never turned off", "^[%@é^[%Gé", "éé"),
    _page("a set that nobody knows changes nothing", "^[(?ab", "ab"),
)

_WIDE = (
    _page("two cells each", "中文x", "中文x", (5, 0)),
    _page("at the margin it wraps whole", "12345678901中", "12345678901|中", (2, 1)),
    _page("up to the margin it fits", "1234567890中", "1234567890中", (11, 0)),
    _page("its left half written over", "a中b^[[2GX", "aX b"),
    _page("its right half written over", "a中b^[[3GX", "a Xb"),
    _page("written over by another, shifted", "中中^[[2G文", " 文"),
    _page("ECH in its middle", "中b^[[2G^[[X", "  b"),
    _page("EL in its middle", "a中b^[[3G^[[K", "a"),
    _page("DCH in its middle", "a中bc^[[3G^[[P", "a bc"),
    _page("ICH in its middle", "a中b^[[3G^[[@", "a   b"),
    _page("a combining mark joins", "e\u0301x", "e\u0301x", (2, 0)),
    _page("two combining marks join", "e\u0301\u0323x", "e\u0301\u0323x", (2, 0)),
    _page("a mark at the margin joins what waits there", "12345678901e\u0301X", "12345678901e\u0301|X", (1, 1)),
    _page("a zero-width space takes no cell", "a\u200bb", "ab", (2, 0)),
    _page("an emoji", "😀x", "😀x", (3, 0)),
    _page("a family joined by ZWJ", "👨‍👩‍👧‍👦x", "👨‍👩‍👧‍👦x", (3, 0)),
    _page("a skin tone joins", "👍🏽x", "👍🏽x", (3, 0)),
    _page("VS16 makes it wide", "❤\ufe0fx", "❤\ufe0fx", (3, 0)),
    _page("VS15 leaves it narrow", "❤\ufe0ex", "❤\ufe0ex", (2, 0)),
    _page("a flag", "🇩🇪x", "🇩🇪x", (3, 0)),
    _page("a keycap", "1\ufe0f\u20e3x", "1\ufe0f\u20e3x", (3, 0)),
    _page("a family at the margin wraps whole", "12345678901👨‍👩‍👧", "12345678901|👨‍👩‍👧", (2, 1)),
    _page("half-width katakana take one", "ｱｲ", "ｱｲ", (2, 0)),
    _page("full-width letters take two", "Ａx", "Ａx", (3, 0)),
    _page("Devanagari joins", "कि", "कि"),
)

_SCREENS = (
    _page("1049 saves the cursor and starts empty", "ab^[[?1049hX^[[?1049lY", "abY", (3, 0)),
    _page("1049 twice is once", "ab^[[?1049h^[[?1049hX^[[?1049l", "ab", (2, 0)),
    _page("leaving it without entering it", "ab^[[?1049lX", "Xb"),
    _page("1047 keeps the main screen", "ab^[[?1047h^[[2J^[[Hcd^[[?1047l", "ab"),
    _page("47 keeps the main screen", "ab^[[?47h^[[2J^[[Hcd^[[?47l", "ab"),
    _page("1048 saves and restores the cursor", "ab^[[?1048h^[[4;4H^[[?1048lX", "abX"),
    _page("a region set there does not stay", "^[[?1049h^[[2;3r^[[r^[[?1049l" + _FILL, _ALL),
    _page("colours set there are forgotten with the cursor", "^[[?1049h^[[31m^[[?1049la", "a"),
)

_RESETS = (
    _page("RIS clears everything", _FILL + "^[[2;3r^[[4h^[(0^[[?6h^[cq", "q", (1, 0)),
    _page("RIS leaves the alternate screen", "ab^[[?1049hcd^[cX", "X"),
    _page("RIS gives the tab stops back", "^[[3g^[c\tX", "        X"),
    _page("DECSTR keeps the screen and the cursor", "ab^[[4h^[(0^[[!pq", "abq"),
    _page("DECSTR forgets the region", "^[[2;3r^[[!p" + "^[[H" + _FILL, _ALL),
)

_ANSWERS = (
    _page("DSR: in order", "^[[5n", "", None, "^[[0n"),
    _page("CPR", "^[[3;5H^[[6n", "", (4, 2), "^[[3;5R"),
    _page("DECXCPR", "^[[3;5H^[[?6n", "", (4, 2), "^[[?3;5;1R"),
    _page("DA1", "^[[c", "", None, "^[[?62;22c"),
    _page("DA1 with a zero", "^[[0c", "", None, "^[[?62;22c"),
    _page("DA1 with anything else is silent", "^[[1c", ""),
    _page("DECRQM of a set mode", "^[[?25$p", "", None, "^[[?25;1$y"),
    _page("DECRQM of a reset mode", "^[[?1049$p", "", None, "^[[?1049;2$y"),
    _page("DECRQM of an ANSI mode", "^[[4h^[[4$p^[[4l", "", None, "^[[4;1$y"),
    _page("DECRQM of no mode", "^[[?31337$p", "", None, "^[[?31337;0$y"),
    _page("DECRQSS of the region", "^[[2;4r^[P$qr^[\\", "", None, "^[P1$r2;4r^[\\"),
    _page("DECRQSS of the colours", "^[[1;31m^[P$qm^[\\", "", None, "^[P1$r0;1;31m^[\\"),
    _page("DECRQSS of nonsense", "^[P$qzzz^[\\", "", None, "^[P0$r^[\\"),
    _page("the size in cells", "^[[18t", "", None, "^[[8;6;12t"),
    _page("two questions, two answers in order", "^[[5n^[[c", "", None, "^[[0n^[[?62;22c"),
)

_SILENT = (
    _page("the title cannot be read back", "^[]2;rm -rf /\x07^[[21t^[[20t", ""),
    _page("OSC 52 neither sets nor reads", "a^[]52;c;cm0K\x07b^[]52;c;?\x07c", "abc"),
    _page("OSC 10, 11 and 4 do not print", "a^[]10;#123456\x07^[]4;1;#123456^[\\b", "ab"),
    _page("OSC 8 does not print", "^[]8;id=1;http://a.example/\x07link^[]8;;\x07 x", "link x"),
    _page("OSC 133 does not print", "a^[]133;A^[\\b^[]133;D;1\x07c", "abc"),
    _page(
        "OSC 7, 9, 777 and 1337 do not print",
        "a^[]7;file:///\x07^[]9;hi\x07^[]777;notify;a;b\x07^[]1337;x=y\x07b",
        "ab",
    ),
    _page("an OSC ended by C1's ST", "a^[]2;t\u009cb", "ab"),
    _page("an OSC broken off by CAN prints what follows", "a^[]2;t\x18b", "ab"),
    _page("Sixel, DCS, APC, PM and SOS do not print", "a^[Pq#0~^[\\^[_G^[\\^[^p^[\\^[Xs^[\\b", "ab"),
    _page("kitty's keys do not print", "a^[[>1u^[[=1u^[[?u^[[<ub", "ab"),
    _page("xterm's key options do not print", "a^[[>4;2m^[[>4;0mb", "ab"),
    _page("window operations do not act", "a^[[8;99;99t^[[3;0;0t^[[2tb", "ab"),
    _page("columns are not the program's", "^[[?40h^[[?3hab", "ab"),
    _page("LEDs, printers and media copy do nothing", "a^[[1q^[[5i^[[4i^[[?5i^[[?4ib", "ab"),
    _page("the bell is silent on screen", "a\x07b", "ab"),
    _page("private sequences that nobody knows", "a^[[?7777h^[[>7z^[[=3;4w^[[<5vb", "ab"),
    _page("sequences with intermediates that nobody knows", "a^[[3 ~^[[1!z^[ Fb", "ab"),
)

PAGES = (
    *_CURSOR,
    *_WRAP,
    *_SCROLL,
    *_ORIGIN,
    *_ERASE,
    *_TABS,
    *_SETS,
    *_WIDE,
    *_SCREENS,
    *_RESETS,
    *_ANSWERS,
    *_SILENT,
)
