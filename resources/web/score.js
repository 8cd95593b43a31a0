// Page Score: how odd each moment of a recording is to a taste.

import { Doing, by, base, clock, made, tell, told } from "./api.js";
import { scoreCurve, timeOn } from "./plot.js";
import { recordings } from "./recordings.js";

const doing = new Doing();
const audio = by("audio");
const curve = by("curve");
let recording = null;
let scored = null;

function choose(chosen) {
  doing.cancel();
  tell(by("error"), "");
  [recording, scored] = [chosen, null];
  by("welcome").hidden = true;
  by("work").hidden = false;
  by("curve-panel").hidden = true;
  by("worst-panel").hidden = true;
  by("name").textContent = recording.name;
  by("facts").textContent = told(recording);
  audio.src = `${base}api/recordings/${recording.key}/listen`;
}

by("score").addEventListener("click", async () => {
  const found = await doing.follow(`api/recordings/${recording.key}/score`, { taste: by("taste").value });
  if (!found) return;
  scored = found;
  by("curve-panel").hidden = false;
  by("verdict").textContent = found.verdict;
  by("worst-panel").hidden = !found.moments.length;
  by("moments").replaceChildren(
    ...found.moments.map((moment) => {
      const line = made("tr");
      const button = made("button", "Listen");
      button.type = "button";
      button.addEventListener("click", () => listen(Math.max(0, moment.start_s - 2)));
      const last = made("td", "", "number");
      last.append(button);
      for (const time of [moment.start_s, moment.stop_s, moment.at_s]) line.append(made("td", clock(time, 1), "mono"));
      line.append(made("td", moment.score.toFixed(2), "mono"), made("td", moment.why), last);
      return line;
    }),
  );
  draw();
});

function listen(at) {
  audio.currentTime = at;
  audio.play();
}

function draw() {
  if (scored) scoreCurve(curve, scored, audio.currentTime || null);
}

function follow() {
  draw();
  if (!audio.paused) requestAnimationFrame(follow);
}

curve.addEventListener("click", (event) => { if (scored) listen(timeOn(curve, event, scored.duration_s)); });
audio.addEventListener("play", follow);
audio.addEventListener("seeked", draw);
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

try {
  const folder = await recordings(choose);
  by("taste").replaceChildren(
    ...folder.tastes.filter((one) => !one.trouble).map((one) => Object.assign(made("option", one.name), { value: one.taste })),
  );
} catch (error) {
  tell(by("side-error"), error.message);
}
