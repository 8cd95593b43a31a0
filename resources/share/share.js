// The page for a band: takes of one day, played from files next to the page.

import { by, clock, ink, made, sheet, tell, ticks } from "../web/page.js";

const RULER = 18;
const STEP_S = 5;

const day = JSON.parse(by("data").textContent);
const audio = by("audio");
const rows = [];
let current = 0;

const take = () => day.takes[current];

function name(one) {
  return `${one.song} – take ${one.take}`;
}

function facts(one) {
  const shift = one.semitones;
  const semitones = `${shift > 0 ? "+" : "−"}${Math.abs(shift)} ${Math.abs(shift) === 1 ? "semitone" : "semitones"}`;
  return [
    one.tempo_bpm ? `${Math.round(one.tempo_bpm)} BPM` : "",
    shift ? semitones : "",
    one.is_complete ? "" : "incomplete",
  ].filter(Boolean).join(" · ");
}

function list() {
  let panel = null;
  for (const [number, one] of day.takes.entries()) {
    if (!number || one.song_number !== day.takes[number - 1].song_number) {
      panel = made("section", "", "panel");
      panel.append(made("h2", one.song), made("ol", "", "takes"));
      by("songs").append(panel);
    }
    const row = made("button", "", "take");
    row.type = "button";
    const stars = made("span", "★".repeat(one.stars), "stars");
    if (one.stars) stars.setAttribute("aria-label", `${one.stars} of 5 stars`), stars.setAttribute("role", "img");
    const wave = made("canvas", "", "wave");
    wave.setAttribute("aria-hidden", "true");
    row.append(
      made("kbd", number < 9 ? String(number + 1) : ""), made("b", `Take ${one.take}`), stars, wave,
      made("span", facts(one), "facts"), made("time", clock(one.length_s)),
    );
    row.addEventListener("click", () => choose(number, true));
    const item = made("li");
    item.append(row);
    panel.lastChild.append(item);
    rows.push({ row, wave });
  }
}

function choose(number, plays) {
  if (!day.takes[number]) return;
  current = number;
  tell(by("error"), "");
  audio.src = encodeURIComponent(take().file);
  by("chosen").textContent = name(take());
  by("wave").setAttribute("aria-valuemax", take().length_s.toFixed(1));
  for (const [other, { row }] of rows.entries()) row.setAttribute("aria-pressed", String(other === number));
  rows[number].row.scrollIntoView({ block: "nearest" });
  by("marks").replaceChildren(...take().marks.map(chip));
  if (plays) play();
  show();
}

function chip(mark) {
  const button = made("button", "", "chip");
  button.type = "button";
  button.append(made("time", clock(mark.start_s)), mark.name);
  button.addEventListener("click", () => seek(mark.start_s));
  return button;
}

function play() {
  audio.play().catch(() => {}); // what goes wrong is reported by the error event
}

function toggle() {
  if (audio.paused) play();
  else audio.pause();
}

function seek(at) {
  audio.currentTime = Math.min(Math.max(0, at), take().length_s);
  show();
}

function show() {
  const at = audio.currentTime;
  by("time").textContent = `${clock(at)} / ${clock(take().length_s)}`;
  by("wave").setAttribute("aria-valuenow", at.toFixed(1));
  by("wave").setAttribute("aria-valuetext", clock(at));
  by("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  by("play").classList.toggle("plays", !audio.paused);
  draw();
}

function draw() {
  const { pen, width, height } = sheet(by("wave"));
  const { length_s, marks } = take();
  pen.fillStyle = ink("line");
  pen.fillRect(0, RULER, width, 1);
  for (const [at, text] of ticks(0, length_s, width / 90)) {
    const x = Math.round((at / length_s) * width);
    pen.fillStyle = ink("downbeat");
    pen.fillRect(x, RULER - 5, 1, 5);
    pen.fillStyle = ink("dim");
    if (x + 40 < width) pen.fillText(text, x + 4, 12);
  }
  const head = Math.round((audio.currentTime / length_s) * width);
  wave(pen, take(), width, RULER, height, head);
  for (const mark of marks) {
    const x = Math.round((mark.start_s / length_s) * width);
    const long = Math.round(((mark.stop_s - mark.start_s) / length_s) * width);
    pen.fillStyle = ink("marker");
    pen.fillRect(x, RULER, 1, height);
    pen.fillRect(x, RULER, Math.max(4, long - 1), 3);
  }
  pen.fillStyle = ink("playhead");
  pen.fillRect(head, RULER, 1, height);
}

// Peak and mean level of each column; what has been played has another colour.
function wave(pen, one, width, top, bottom, head) {
  const middle = (top + bottom) / 2;
  const half = (bottom - top) / 2 - 3;
  const scale = half / Math.max(12, ...one.peaks);
  const each = width / one.peaks.length;
  for (const [levels, after, before] of [[one.peaks, "wave", "undecided"], [one.rms, "wave2", "undecided"]]) {
    const [later, earlier] = [ink(after), ink(before)];
    for (const [number, level] of levels.entries()) {
      pen.fillStyle = number * each < head ? earlier : later;
      const high = Math.max(0.5, level * scale);
      pen.fillRect(number * each, middle - high, Math.max(0.6, each), 2 * high);
    }
  }
}

function drawAll() {
  for (const [number, one] of rows.entries()) {
    const { pen, width, height } = sheet(one.wave);
    wave(pen, day.takes[number], width, 0, height, -1);
  }
  draw();
}

function follow() {
  show();
  if (!audio.paused) requestAnimationFrame(follow);
}

function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const done = {
    " ": toggle,
    ArrowLeft: () => seek(audio.currentTime - STEP_S),
    ArrowRight: () => seek(audio.currentTime + STEP_S),
    ArrowUp: () => choose(current - 1, !audio.paused),
    ArrowDown: () => choose(current + 1, !audio.paused),
  }[event.key] ?? (/^[1-9]$/.test(event.key) ? () => choose(Number(event.key) - 1, true) : null);
  if (!done) return;
  event.preventDefault();
  done();
}

function point(event) {
  if (event.type === "pointerdown") by("wave").setPointerCapture(event.pointerId);
  else if (!by("wave").hasPointerCapture(event.pointerId)) return;
  const { left, width } = by("wave").getBoundingClientRect();
  seek(((event.clientX - left) / width) * take().length_s);
}

by("title").textContent = day.title;
by("date").textContent = day.date;
const total_s = day.takes.reduce((sum, one) => sum + one.length_s, 0);
by("total").textContent = `${day.takes.length} ${day.takes.length === 1 ? "take" : "takes"} · ${clock(total_s)}`;
list();
choose(0, false);
drawAll();
by("play").addEventListener("click", toggle);
by("before").addEventListener("click", () => choose(current - 1, !audio.paused));
by("after").addEventListener("click", () => choose(current + 1, !audio.paused));
by("wave").addEventListener("pointerdown", point);
by("wave").addEventListener("pointermove", point);
document.addEventListener("keydown", press);
audio.addEventListener("play", follow);
audio.addEventListener("pause", show);
audio.addEventListener("timeupdate", show);
audio.addEventListener("seeked", show);
audio.addEventListener("ended", () => choose(current + 1, true));
audio.addEventListener("error", () => tell(by("error"), `${take().file} is missing next to this page, or this browser does not play it. Keep all files of the folder together.`));
new ResizeObserver(drawAll).observe(by("wave"));
matchMedia("(prefers-color-scheme: light)").addEventListener("change", drawAll);
