// Page Separate: windows on a waveform, words, keep or remove, listen, download.

import { Doing, ask, base, by, clock, made, tell, told } from "./api.js";
import { recordings } from "./recordings.js";
import { Wave } from "./wave.js";

const NO_LIMIT = 41;
const SAID = {
  original: "The recording as it is.",
  target: "What was named, alone.",
  remainder: "The recording without it.",
  result: "What is downloaded.",
};
const audio = by("audio");
let recording = null;
let result = null;
let words = [];
const doing = new Doing();

const wave = new Wave(by("wave"), changed, (at) => {
  audio.currentTime = at;
  wave.at = at;
  wave.draw();
});

function changed() {
  by("windows").replaceChildren(
    ...wave.windows.map(([start, stop], number) => {
      const chip = made("span", "", number === wave.chosen ? "chip on" : "chip");
      const pick = made("button", `${clock(start, 2)} – ${clock(stop, 2)}`, "mono");
      pick.addEventListener("click", () => wave.choose(number));
      chip.append(pick, cross(`Remove the window from ${clock(start, 2)}`, () => wave.remove(number)));
      return chip;
    }),
  );
  const one = wave.windows[wave.chosen];
  if (one) {
    by("from").value = one[0].toFixed(2);
    by("to").value = one[1].toFixed(2);
  }
  by("separate").disabled = !wave.windows.length;
  by("what").disabled = !wave.windows.length;
}

function cross(label, remove) {
  const button = made("button", "×");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.addEventListener("click", remove);
  return button;
}

function showWords() {
  by("words").replaceChildren(
    ...words.map((word) => {
      const chip = made("span", word, "chip on");
      chip.append(cross(`Leave out ${word}`, () => { words = words.filter((each) => each !== word); showWords(); }));
      return chip;
    }),
  );
  for (const chip of by("heard").children) chip.classList.toggle("on", words.includes(chip.dataset.word));
}

function takeWord() {
  const word = by("word").value.trim();
  if (word && !words.includes(word)) words.push(word);
  by("word").value = "";
  showWords();
}

by("word").addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === ",") {
    event.preventDefault();
    takeWord();
  } else if (event.key === "Backspace" && !by("word").value && words.length) {
    words.pop();
    showWords();
  }
});
by("add").addEventListener("click", () => {
  const [start, stop] = [by("from").valueAsNumber, by("to").valueAsNumber];
  if (stop - start >= 0.02 && start >= 0 && start < recording.duration_s) wave.add(start, stop);
  else tell(by("error"), "A window begins before it ends, within the recording, and is 20 ms long at least.");
});
by("strength").addEventListener("input", () => {
  const db = by("strength").valueAsNumber;
  by("strength-said").textContent = db >= NO_LIMIT ? "no limit" : `by ${db} dB at most`;
});

by("what").addEventListener("click", async () => {
  const chosen = wave.windows[wave.chosen] ?? wave.windows[0];
  const heard = await doing.follow(`api/recordings/${recording.key}/detect`, { windows_s: [chosen] });
  if (!heard) return;
  by("heard-row").hidden = false;
  by("heard").replaceChildren(
    ...heard.labels.map((label) => {
      const chip = made("button", label.text, "chip");
      chip.type = "button";
      chip.dataset.word = label.text;
      chip.append(made("small", `${Math.round(100 * label.likelihood)} %`));
      chip.addEventListener("click", () => {
        words = words.includes(label.text) ? words.filter((each) => each !== label.text) : [...words, label.text];
        showWords();
      });
      return chip;
    }),
  );
  if (!heard.labels.length) by("heard").append(made("span", "Silence.", "dim"));
  showWords();
});

by("separate").addEventListener("click", () => {
  takeWord();
  separate({ texts: words });
});
by("widen").addEventListener("click", () => {
  const longer = wave.windows.map(([start, stop]) => {
    const more = Math.max(0.25, (stop - start) / 2);
    return [Math.max(0, start - more), Math.min(recording.duration_s, stop + more)];
  });
  for (const each of [...wave.windows]) wave.remove(0);
  for (const [start, stop] of longer) wave.add(start, stop);
  separate({ texts: words });
});
by("like").addEventListener("click", () => {
  words = [];
  showWords();
  separate({ texts: [], like_s: [wave.windows[wave.chosen] ?? wave.windows[0]] });
});

function showWays(refusal) {
  by("ways").hidden = !refusal.code;
  by("widen").hidden = refusal.code === "not_understood";
  by("nearest").replaceChildren(
    ...(refusal.nearest ?? []).map((name) => {
      const chip = made("button", name, "chip");
      chip.type = "button";
      chip.addEventListener("click", () => {
        words = words.filter((each) => each.replace(/^not /i, "") !== refusal.prompt).concat(name);
        showWords();
        separate({ texts: words });
      });
      return chip;
    }),
  );
}

async function separate(meant) {
  tell(by("change"), "");
  showWays({});
  const db = by("strength").valueAsNumber;
  const found = await doing.follow(`api/recordings/${recording.key}/separate`, {
    windows_s: wave.windows,
    ...meant,
    mode: document.querySelector("[name=mode]:checked").value,
    strength_db: db >= NO_LIMIT ? null : db,
  });
  showWays(doing.refusal);
  if (!found) return;
  result = found;
  tell(by("change"), `${found.summary}. ${found.levels}.`);
  for (const choice of document.querySelectorAll("[name=what]")) choice.disabled = false;
  const download = by("download");
  download.href = `${base}api/results/${result.result}/download`;
  download.download = result.name;
  download.hidden = false;
  if (found.clipped_samples) {
    tell(by("error"), `${found.clipped_samples} samples are louder than the file can hold, and clip.`);
  }
  hear("result", Math.max(0, found.windows_s[0][0] - 1));
}

function hear(what, at = audio.currentTime) {
  const was = !audio.paused;
  document.querySelector(`[name=what][value=${what}]`).checked = true;
  by("what-said").textContent = SAID[what];
  audio.src = base + (what === "original" ? `api/recordings/${recording.key}/listen` : `api/results/${result.result}/${what}`);
  audio.currentTime = at;
  wave.at = at;
  wave.draw();
  if (was) audio.play();
}

for (const choice of document.querySelectorAll("[name=what]")) {
  choice.addEventListener("change", () => hear(choice.value));
}
function follow() {
  wave.at = audio.currentTime;
  wave.draw();
  if (!audio.paused) requestAnimationFrame(follow);
}
audio.addEventListener("play", follow);
audio.addEventListener("seeked", follow);

function choose(chosen) {
  doing.cancel();
  tell(by("error"), "");
  [recording, result] = [chosen, null];
  by("welcome").hidden = true;
  by("work").hidden = false;
  by("name").textContent = recording.name;
  by("facts").textContent = told(recording);
  tell(by("warning"), recording.warning);
  by("heard-row").hidden = true;
  by("download").hidden = true;
  tell(by("change"), "");
  showWays({});
  for (const choice of document.querySelectorAll("[name=what]")) choice.disabled = choice.value !== "original";
  audio.pause();
  hear("original", 0);
  wave.show(recording);
}

try {
  const folder = await recordings(choose);
  by("known").replaceChildren(...folder.words.map((word) => Object.assign(made("option"), { value: word })));
} catch (error) {
  tell(by("side-error"), error.message);
}
