"""Short codes to Unicode emoji, and the few emoji that the page draws itself.

A machine without a colour-emoji font shows a box for 🟢; a release's state must be seen there too. So the marks
below become small drawings (page.css), with the character kept in the text for readers, tests and copying.
"""

import re
from typing import Final

from markupsafe import Markup

SHORT: Final[dict[str, str]] = {
    name: char
    for char, names in {
        "🟢": "large_green_circle", "🟡": "large_yellow_circle", "🔴": "red_circle", "⚪": "white_circle",
        "🟠": "large_orange_circle", "🔵": "large_blue_circle", "🟣": "large_purple_circle",
        "🟤": "large_brown_circle", "⚫": "black_circle", "🟩": "large_green_square",
        "🟨": "large_yellow_square", "🟥": "large_red_square", "🟦": "large_blue_square",
        "✅": "white_check_mark", "✔️": "heavy_check_mark", "☑️": "ballot_box_with_check", "❌": "x",
        "❎": "negative_squared_cross_mark", "⚠️": "warning", "⛔": "no_entry", "🚫": "no_entry_sign",
        "❗": "exclamation heavy_exclamation_mark", "❓": "question", "‼️": "bangbang", "ℹ️": "information_source",
        "🚨": "rotating_light", "🚧": "construction", "🛑": "octagonal_sign stop_sign", "🚦": "vertical_traffic_light",
        "🚥": "traffic_light", "🚀": "rocket", "🚂": "steam_locomotive", "🚆": "train2", "🚉": "station",
        "🔒": "lock", "🔓": "unlock", "🔑": "key", "🛡️": "shield", "🔔": "bell", "🔕": "no_bell", "📣": "mega",
        "📢": "loudspeaker", "📌": "pushpin", "📍": "round_pushpin", "📎": "paperclip", "🔗": "link",
        "📅": "date", "📆": "calendar", "🗓️": "spiral_calendar_pad", "⏰": "alarm_clock",
        "⏱️": "stopwatch", "⏳": "hourglass_flowing_sand", "⌛": "hourglass", "🕐": "clock1", "🕘": "clock9",
        "📈": "chart_with_upwards_trend", "📉": "chart_with_downwards_trend", "📊": "bar_chart",
        "📋": "clipboard", "📝": "memo pencil", "📄": "page_facing_up", "📁": "file_folder",
        "📂": "open_file_folder", "📦": "package", "📥": "inbox_tray", "📤": "outbox_tray", "📧": "e-mail email",
        "✉️": "envelope", "💬": "speech_balloon", "🗨️": "left_speech_bubble", "💡": "bulb", "🔍": "mag",
        "🔧": "wrench", "🔨": "hammer", "🛠️": "hammer_and_wrench", "⚙️": "gear", "🧪": "test_tube", "🧹": "broom",
        "🐛": "bug", "🔥": "fire", "💥": "boom collision", "✨": "sparkles", "⭐": "star", "🌟": "star2", "🎉": "tada",
        "🎯": "dart", "🏁": "checkered_flag", "🚩": "triangular_flag_on_post",
        "🏆": "trophy", "🥇": "first_place_medal",
        "💯": "100", "👍": "+1 thumbsup", "👎": "-1 thumbsdown", "👏": "clap", "🙌": "raised_hands",
        "🙏": "pray", "👋": "wave", "👀": "eyes", "💪": "muscle", "🤝": "handshake", "☝️": "point_up",
        "👉": "point_right", "👈": "point_left", "👆": "point_up_2", "👇": "point_down", "✋": "hand raised_hand",
        "🙂": "slightly_smiling_face", "😀": "grinning", "😄": "smile", "😅": "sweat_smile",
        "😂": "joy", "😉": "wink", "😊": "blush", "😎": "sunglasses", "🤔": "thinking_face thinking", "😬": "grimacing",
        "😕": "confused", "🙁": "slightly_frowning_face", "😢": "cry", "😭": "sob", "😱": "scream", "😡": "rage",
        "🤯": "exploding_head", "🥳": "partying_face", "🤖": "robot_face", "👻": "ghost", "💤": "zzz",
        "❤️": "heart", "💔": "broken_heart", "💚": "green_heart", "💙": "blue_heart", "💛": "yellow_heart",
        "💜": "purple_heart", "🖤": "black_heart", "🤍": "white_heart",
        "👤": "bust_in_silhouette", "👥": "busts_in_silhouette", "💻": "computer", "🖥️": "desktop_computer",
        "📱": "iphone", "☁️": "cloud", "🌧️": "rain_cloud", "☀️": "sunny", "⛅": "partly_sunny", "🌍": "earth_africa",
        "🏠": "house", "🏢": "office", "🏦": "bank", "☕": "coffee", "🍰": "cake", "🍕": "pizza", "🎁": "gift",
        "➡️": "arrow_right", "⬅️": "arrow_left", "⬆️": "arrow_up", "⬇️": "arrow_down", "↩️": "leftwards_arrow_with_hook",
        "↪️": "arrow_right_hook", "🔁": "repeat", "🔄": "arrows_counterclockwise", "▶️": "arrow_forward",
        "⏸️": "double_vertical_bar", "⏹️": "black_square_for_stop", "⏭️": "black_right_pointing_double_triangle",
        "🆕": "new", "🆗": "ok", "🆘": "sos", "➕": "heavy_plus_sign", "➖": "heavy_minus_sign",
        "🔺": "small_red_triangle", "🔻": "small_red_triangle_down", "🔸": "small_orange_diamond",
        "🔹": "small_blue_diamond", "♻️": "recycle", "❄️": "snowflake", "🧊": "ice_cube", "🌱": "seedling",
        "1️⃣": "one", "2️⃣": "two", "3️⃣": "three", "4️⃣": "four", "5️⃣": "five",
    }.items()
    for name in names.split()
}  # fmt: skip

# The character to the class that page.css draws.
MARKS: Final[dict[str, str]] = {
    "🟢": "green",
    "🟡": "yellow",
    "🔴": "red",
    "⚪": "white",
    "🟠": "orange",
    "🔵": "blue",
    "🟣": "purple",
    "⚫": "black",
    "✅": "check",
    "❌": "cross",
    "⚠": "warning",
    "🔒": "lock",
    "🔔": "bell",
    "🚀": "rocket",
    "🎉": "tada",
    "👍": "thumb",
    "📅": "date",
}

CODE = re.compile(r":([a-z0-9_+'-]{1,60}):(?::skin-tone-[2-6]:)?")
_MARK = re.compile("([" + "".join(MARKS) + "])\ufe0f?")


def of_code(name: str) -> str | None:
    """The emoji of a short code without its colons, or None for one that the page does not know."""
    return SHORT.get(name)


def draw(escaped: Markup) -> Markup:
    """Already escaped text with the marks drawn; every other character is left to the system's font."""
    return Markup(  # noqa: S704 - only our own tags are added to text that is escaped already
        _MARK.sub(lambda found: f'<span class="mark mark-{MARKS[found[1]]}">{found[0]}</span>', str(escaped))
    )
