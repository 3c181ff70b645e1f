// Times as people in Warsaw read them, wherever the browser is.
import { now } from "./store.js";

export const ZONE = "Europe/Warsaw";
const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, ...options });

const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = format({ weekday: "short", day: "numeric", month: "short" });
const LONG_DAY = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const NUMBERS = format({ year: "numeric", month: "2-digit", day: "2-digit" });
const SHORT_DAY = format({ day: "numeric", month: "short", year: "numeric" });

export const clock = (date) => CLOCK.format(date);
export const seconds = (date) => SECONDS.format(date);
export const longDay = (date) => LONG_DAY.format(date);
export const day = (date) => DAY.format(date);
export const ofTs = (ts) => new Date(Number(ts) * 1000);

const isoDay = (date) => NUMBERS.format(date).split("/").reverse().join("-");

export function short(date) {
  return isoDay(date) === isoDay(now()) ? clock(date) : `${day(date)}, ${clock(date)}`;
}

// How Slack's <!date^...> tokens are written out.
export function token(date, pattern) {
  const parts = {
    date_num: isoDay(date),
    date_short: SHORT_DAY.format(date),
    date_long: longDay(date),
    date: SHORT_DAY.format(date),
    time_secs: seconds(date),
    time: clock(date),
  };
  return pattern.replace(/\{(\w+?)(_pretty)?\}/g, (whole, name) => parts[name] ?? whole);
}

// "2026-11-24T10:00" on a clock in Warsaw -> Unix seconds.
export function fromWall(wall) {
  const asUtc = Date.parse(`${wall}:00Z`);
  let guess = asUtc;
  for (let round = 0; round < 2; round += 1) guess = asUtc - offsetAt(guess);
  return Math.floor(guess / 1000);
}

export function toWall(unixSeconds) {
  const date = new Date(unixSeconds * 1000);
  return `${isoDay(date)}T${clock(date)}`;
}

function offsetAt(instant) {
  const date = new Date(instant);
  return Date.parse(`${isoDay(date)}T${seconds(date)}Z`) - Math.floor(instant / 1000) * 1000;
}
