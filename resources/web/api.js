// What the pages of the server share: asking it, and following its work.

import { by, clock, tell } from "./page.js";

export { by, clock, ink, made, sheet, tell, ticks } from "./page.js";

export const base = location.pathname.split("/").slice(0, 2).join("/") + "/";

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

export function told(recording) {
  const channels = { 1: "mono", 2: "stereo" }[recording.channels] ?? `${recording.channels} channels`;
  const rate = `${recording.rate_hz / 1000} kHz`;
  const form = recording.subtype.replace("PCM_U8", "8 bit").replace("PCM_S8", "8 bit").replace("PCM_", "");
  const bits = /^\d+$/.test(form) ? `${form} bit` : form.toLowerCase();
  return `${clock(recording.duration_s, 1)} · ${rate} · ${channels} · ${recording.container} ${bits}`;
}
