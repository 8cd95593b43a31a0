// A waveform on which windows are drawn.

import { ask, ink, sheet, ticks } from "./api.js";

const RULER = 20;
const NEAR = 5;
const SHORTEST = 0.02;

export class Wave {
  windows = [];
  chosen = -1;
  at = null;
  #recording = null;
  #outline = null;
  #asked = 0;
  #read = null;
  #view = [0, 1];
  #drag = null;

  constructor(canvas, changed, sought) {
    this.canvas = canvas;
    this.changed = changed;
    this.sought = sought;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", () => { this.#drag = null; this.draw(); });
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", () => this.#show(0, this.#recording?.duration_s ?? 1));
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") this.remove(this.chosen);
    });
    new ResizeObserver(() => this.#load()).observe(canvas);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.draw());
  }

  show(recording) {
    this.#recording = recording;
    this.windows = [];
    this.chosen = -1;
    this.at = null;
    this.#outline = null;
    this.#read = null;
    this.#show(0, recording.duration_s);
    this.changed();
  }

  add(start, stop) {
    let united = [Math.max(0, start), Math.min(this.#recording.duration_s, stop)];
    const apart = [];
    for (const one of this.windows) {
      if (one[1] < united[0] || one[0] > united[1]) apart.push(one);
      else united = [Math.min(one[0], united[0]), Math.max(one[1], united[1])];
    }
    this.windows = [...apart, united].sort((one, other) => one[0] - other[0]);
    this.chosen = this.windows.indexOf(united);
    this.draw();
    this.changed();
  }

  remove(number) {
    if (!this.windows[number]) return;
    this.windows.splice(number, 1);
    this.chosen = Math.min(this.chosen, this.windows.length - 1);
    this.draw();
    this.changed();
  }

  choose(number) {
    this.chosen = number;
    this.draw();
    this.changed();
  }

  #show(start, stop) {
    this.#view = [start, stop];
    this.#load();
  }

  async #load() {
    this.draw();
    if (!this.#recording) return;
    const [start, stop] = this.#view;
    const columns = Math.max(1, Math.min(4000, Math.round(this.canvas.getBoundingClientRect().width)));
    const mine = (this.#asked += 1);
    const address = `api/recordings/${this.#recording.key}/peaks?columns=${columns}&start_s=${start}&stop_s=${stop}`;
    try {
      let outline = await ask(address);
      while ("read" in outline && mine === this.#asked) {
        this.#read = outline.read;
        this.draw();
        outline = await ask(address);
      }
      if (mine !== this.#asked) return;
      this.#read = null;
      this.#outline = { ...outline, start, stop };
      this.draw();
    } catch { /* what goes wrong with the recording is said where it is worked on */ }
  }

  #x(at, width) {
    const [start, stop] = this.#view;
    return ((at - start) / (stop - start)) * width;
  }

  #time(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    const [start, stop] = this.#view;
    const share = (event.clientX - left) / width;
    return Math.min(this.#recording.duration_s, Math.max(0, start + share * (stop - start)));
  }

  #edge(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    const x = event.clientX - left;
    for (const [number, one] of this.windows.entries()) {
      for (const side of [0, 1]) if (Math.abs(this.#x(one[side], width) - x) <= NEAR) return { number, side };
    }
    return null;
  }

  #press(event) {
    if (!this.#recording || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.#time(event);
    const edge = this.#edge(event);
    if (edge) {
      const one = this.windows[edge.number];
      this.windows.splice(edge.number, 1);
      this.#drag = { from: one[1 - edge.side], to: at };
    } else {
      this.#drag = { from: at, to: at };
    }
    this.draw();
  }

  #move(event) {
    if (!this.#recording) return;
    if (this.#drag) {
      this.#drag.to = this.#time(event);
      this.draw();
    } else {
      this.canvas.style.cursor = this.#edge(event) ? "ew-resize" : "crosshair";
    }
  }

  #release(event) {
    if (!this.#drag) return;
    const { from, to } = this.#drag;
    this.#drag = null;
    const [start, stop] = this.#view;
    const width = this.canvas.getBoundingClientRect().width;
    const long = Math.abs(to - from);
    if ((long / (stop - start)) * width >= 4 && long >= SHORTEST) {
      this.add(Math.min(from, to), Math.max(from, to));
      return;
    }
    const inside = this.windows.findIndex((one) => from >= one[0] && from <= one[1]);
    if (inside >= 0) this.choose(inside);
    else this.draw();
    this.sought(this.#time(event));
  }

  #wheel(event) {
    if (!this.#recording) return;
    event.preventDefault();
    const [start, stop] = this.#view;
    const whole = this.#recording.duration_s;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((event.deltaX || event.deltaY) / 800) * (stop - start);
      const first = Math.min(Math.max(0, start + by), whole - (stop - start));
      this.#show(first, first + stop - start);
      return;
    }
    const at = this.#time(event);
    const long = Math.min(whole, Math.max(Math.min(0.1, whole), (stop - start) * 1.0015 ** event.deltaY));
    const first = Math.min(Math.max(0, at - ((at - start) / (stop - start)) * long), whole - long);
    this.#show(first, first + long);
  }

  draw() {
    const { pen, width, height } = sheet(this.canvas);
    if (!this.#recording) return;
    const [start, stop] = this.#view;
    pen.fillStyle = ink("line");
    pen.fillRect(0, RULER, width, 1);
    for (const [at, text] of ticks(start, stop, width / 90)) {
      const x = Math.round(this.#x(at, width));
      pen.fillStyle = ink("downbeat");
      pen.fillRect(x, RULER - 5, 1, 5);
      pen.fillStyle = ink("dim");
      if (x + 4 < width - 20) pen.fillText(text, x + 4, 13);
    }
    const shown = this.#drag ? [...this.windows, [this.#drag.from, this.#drag.to].sort((a, b) => a - b)] : this.windows;
    for (const [number, [from, to]] of shown.entries()) {
      const x = this.#x(from, width);
      const wide = Math.max(1, this.#x(to, width) - x);
      const on = this.#drag ? number === shown.length - 1 : number === this.chosen;
      pen.fillStyle = ink("undecided");
      pen.globalAlpha = on ? 0.28 : 0.16;
      pen.fillRect(x, RULER + 1, wide, height);
      pen.globalAlpha = 1;
      pen.fillRect(x, RULER + 1, wide, on ? 4 : 2);
      pen.fillRect(x, RULER + 1, 1, height);
      pen.fillRect(x + wide - 1, RULER + 1, 1, height);
    }
    if (this.#read !== null) {
      pen.fillStyle = ink("dim");
      pen.fillText(`Reading the recording: ${Math.round(100 * this.#read)} %`, 4, RULER + 16);
    }
    this.#wave(pen, width, height);
    if (this.at !== null && this.at >= start && this.at <= stop) {
      pen.fillStyle = ink("playhead");
      pen.fillRect(Math.round(this.#x(this.at, width)), RULER, 1, height);
    }
  }

  #wave(pen, width, height) {
    const middle = (RULER + height) / 2;
    const half = (height - RULER) / 2 - 6;
    pen.fillStyle = ink("line");
    pen.fillRect(0, Math.round(middle), width, 1);
    if (!this.#outline) return;
    const { minimum, maximum, rms, start, stop } = this.#outline;
    const first = this.#x(start, width);
    const each = (this.#x(stop, width) - first) / minimum.length;
    const loudest = Math.max(...maximum.map(Math.abs), ...minimum.map(Math.abs));
    const scale = half / Math.max(0.05, Math.min(1, loudest * 1.05));
    const column = (number, low, high, token) => {
      pen.fillStyle = token;
      const top = middle - Math.min(half, high * scale);
      const bottom = middle - Math.max(-half, low * scale);
      pen.fillRect(first + number * each, top, Math.max(0.6, each), Math.max(1, bottom - top));
    };
    const [peak, mean] = [ink("wave"), ink("wave2")];
    for (let number = 0; number < minimum.length; number += 1) column(number, minimum[number], maximum[number], peak);
    for (let number = 0; number < rms.length; number += 1) column(number, -rms[number], rms[number], mean);
  }
}
