// The emoji that people and apps use most, by Slack's names; others stay as they are written.

const TABLE = `
smile 😄 slightly_smiling_face 🙂 grinning 😀 joy 😂 wink 😉 thinking_face 🤔 disappointed 😞 cry 😢 rage 😡
sweat_smile 😅 neutral_face 😐 sunglasses 😎 partying_face 🥳 sleeping 😴 zzz 💤 wave 👋 +1 👍 thumbsup 👍 -1 👎
thumbsdown 👎 ok_hand 👌 clap 👏 pray 🙏 raised_hands 🙌 raising_hand 🙋 muscle 💪 point_right 👉 point_left 👈 point_up ☝️
point_down 👇 eyes 👀 heart ❤️ tada 🎉 fire 🔥 rocket 🚀 star ⭐ sparkles ✨ boom 💥 100 💯 bulb 💡 zap ⚡
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ warning ⚠️
no_entry ⛔ no_entry_sign 🚫 exclamation ❗ grey_exclamation ❕ question ❓ grey_question ❔ bangbang ‼️ sos 🆘 new 🆕
red_circle 🔴 large_orange_circle 🟠 orange_circle 🟠 large_yellow_circle 🟡 yellow_circle 🟡 large_green_circle 🟢
green_circle 🟢 large_blue_circle 🔵 blue_circle 🔵 large_purple_circle 🟣 white_circle ⚪ black_circle ⚫
large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨 large_green_square 🟩 small_red_triangle 🔺
small_blue_diamond 🔹 small_orange_diamond 🔸 rotating_light 🚨 alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️ clock1 🕐
clock9 🕘 hourglass ⌛ hourglass_flowing_sand ⏳ watch ⌚ calendar 📆 date 📅 spiral_calendar_pad 🗓️ email 📧 e-mail 📧
envelope ✉️ incoming_envelope 📨 envelope_with_arrow 📩 mailbox 📫 mailbox_with_mail 📬 mailbox_with_no_mail 📭 inbox_tray 📥
outbox_tray 📤 telephone_receiver 📞 phone ☎️ telephone ☎️ iphone 📱 speech_balloon 💬 left_speech_bubble 🗨️
thought_balloon 💭 loudspeaker 📢 mega 📣 bell 🔔 no_bell 🔕 lock 🔒 unlock 🔓 closed_lock_with_key 🔐 key 🔑
wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ nut_and_bolt 🔩 package 📦 truck 🚚 delivery_truck 🚚 label 🏷️
bookmark 🔖 pushpin 📌 round_pushpin 📍 paperclip 📎 link 🔗 memo 📝 pencil ✏️ pencil2 ✏️ clipboard 📋 page_facing_up 📄
scroll 📜 file_folder 📁 open_file_folder 📂 card_index_dividers 🗂️ bar_chart 📊 chart_with_upwards_trend 📈
chart_with_downwards_trend 📉 mag 🔍 mag_right 🔎 computer 💻 desktop_computer 🖥️ printer 🖨️ electric_plug 🔌
battery 🔋 satellite 🛰️ globe_with_meridians 🌐 office 🏢 house 🏠 shield 🛡️ robot_face 🤖 ghost 👻 bust_in_silhouette 👤
busts_in_silhouette 👥 man_technologist 👨‍💻 woman_technologist 👩‍💻 crown 👑 trophy 🏆 moneybag 💰 money_with_wings 💸
arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ arrow_heading_down ⤵️ arrow_heading_up ⤴️
arrow_right_hook ↪️ leftwards_arrow_with_hook ↩️ arrows_counterclockwise 🔄 repeat 🔁 fast_forward ⏩
arrow_forward ▶️ double_vertical_bar ⏸️ black_square_for_stop ⏹️ heavy_plus_sign ➕ heavy_minus_sign ➖ information_source ℹ️
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ coffee ☕ beer 🍺 pizza 🍕 cake 🍰 sunny ☀️ cloud ☁️ snowflake ❄️ flag-pl 🇵🇱
pl 🇵🇱 gb 🇬🇧 flag-gb 🇬🇧`;

const EMOJI = new Map();
const words = TABLE.trim().split(/\s+/);
for (let place = 0; place < words.length; place += 2) EMOJI.set(words[place], words[place + 1]);

export const REACTIONS = ["eyes", "white_check_mark", "+1", "pray"];

export function emoji(name) {
  return EMOJI.get(name.replace(/::skin-tone-\d$/, "")) ?? `:${name}:`;
}
