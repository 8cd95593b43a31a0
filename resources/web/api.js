// What all pages share: asking the server, following its work, and small pieces of a page.

export const base = location.pathname.split("/").slice(0, 2).join("/") + "/";

export const by = (id) => document.getElementById(id);

export function made(tag, text = "", classes = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

export async function ask(path, body, method = body === undefined ? "GET" : "POST") {
  let answer;
  try {
    answer = await fetch(base + path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The server is not there any more: start offcut serve again.");
  }
  const said = await answer.json().catch(() => ({ error: "This address is not answered any more." }));
  if (!answer.ok) throw new Error(said.error);
  return said;
}

export function tell(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

// One piece of work at a time on a page: shows how far it is, and cancels what went before.
export class Doing {
  #job = null;
  #number = 0;
  refusal = {};

  constructor() {
    by("cancel").addEventListener("click", () => this.cancel());
  }

  cancel() {
    this.#number += 1;
    by("doing").hidden = true;
    if (this.#job) ask(`api/jobs/${this.#job}`, undefined, "DELETE").catch(() => {});
    this.#job = null;
  }

  async follow(path, body) {
    this.cancel();
    const mine = this.#number;
    this.refusal = {};
    tell(by("error"), "");
    const begun = performance.now();
    try {
      let job = await ask(path, body);
      if (mine !== this.#number) {
        ask(`api/jobs/${job.id}`, undefined, "DELETE").catch(() => {});
        return null;
      }
      this.#job = job.id;
      while (job.state === "waiting" || job.state === "running") {
        const passed = (performance.now() - begun) / 1000;
        if (passed > 0.3) by("doing").hidden = false;
        by("done").value = job.fraction;
        by("doing-said").textContent = said(job, passed);
        await new Promise((later) => setTimeout(later, 150));
        if (mine !== this.#number) return null;
        job = await ask(`api/jobs/${job.id}`);
        if (mine !== this.#number) return null;
      }
      if (job.state === "failed") {
        this.refusal = job.refusal;
        throw new Error(job.text);
      }
      return job.state === "done" ? job.answer : null;
    } catch (error) {
      if (mine === this.#number) tell(by("error"), error.message);
      return null;
    } finally {
      if (mine === this.#number) {
        this.#job = null;
        by("doing").hidden = true;
      }
    }
  }
}

function said(job, passed) {
  if (job.state === "waiting") return "Waiting for other work";
  const left = job.fraction > 0.02 && passed > 3 ? passed / job.fraction - passed : 0;
  return (job.text || "Beginning") + (left > 1 ? ` · ${clock(left)} left` : "");
}

export function clock(seconds, decimals = 0) {
  const units = Math.round(seconds * 10 ** decimals);
  const whole = Math.floor(units / 10 ** decimals);
  const fraction = decimals ? "." + String(units % 10 ** decimals).padStart(decimals, "0") : "";
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  return (hours ? `${hours}:${two(minutes)}` : String(minutes)) + ":" + two(whole % 60) + fraction;
}

export function told(recording) {
  const channels = { 1: "mono", 2: "stereo" }[recording.channels] ?? `${recording.channels} channels`;
  const rate = `${recording.rate_hz / 1000} kHz`;
  const form = recording.subtype.replace("PCM_U8", "8 bit").replace("PCM_S8", "8 bit").replace("PCM_", "");
  const bits = /^\d+$/.test(form) ? `${form} bit` : form.toLowerCase();
  return `${clock(recording.duration_s, 1)} · ${rate} · ${channels} · ${recording.container} ${bits}`;
}

// A canvas that is as sharp as the screen; returns its context and its size in CSS pixels.
export function sheet(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const wide = Math.max(1, Math.round(width * scale));
  const high = Math.max(1, Math.round(height * scale));
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = '11px "JetBrains Mono", monospace';
  return { pen, width, height };
}

export const ink = (token) => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();

// Where a ruler writes times: about `most` of them between two times.
export function ticks(start, stop, most) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((each) => (stop - start) / each <= most) ?? 7200;
  const decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const found = [];
  for (let at = Math.ceil(start / step - 1e-9) * step; at <= stop + 1e-9; at += step) found.push([at, clock(at, decimals)]);
  return found;
}
