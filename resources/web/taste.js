// Page Taste: what a taste is, what it learned from, and how that scores.

import { Doing, ask, by, clock, made, tell } from "./api.js";
import { losses, shares } from "./plot.js";

const doing = new Doing();
let shown = null;

const length = (seconds) => clock(seconds);
const figure = (value) => (value === null ? "–" : value.toFixed(2));

async function choose(taste, row) {
  for (const one of by("tastes").querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === row));
  by("welcome").hidden = true;
  by("work").hidden = true;
  const found = await doing.follow("api/tastes", { taste: taste.taste });
  if (!found) return;
  shown = found;
  by("work").hidden = false;
  by("name").textContent = found.name;
  by("maker").textContent = `${found.recipe} · ${found.maker}`;
  by("steps").replaceChildren(
    ...found.steps.map((step) => {
      const item = made("li", step.title);
      if (step.detail) item.append(made("small", step.detail));
      return item;
    }),
  );
  pairs(by("figures"), found.figures);
  pairs(by("settings"), found.settings);
  by("recordings").replaceChildren(
    ...found.recordings.map((one) => {
      const line = made("tr");
      line.append(made("td", one.name), made("td", length(one.duration_s), "number mono"));
      line.append(made("td", figure(one.mean), "number mono"), made("td", figure(one.high), "number mono"));
      line.append(made("td", one.verdict || "Its recording is not here.", "dim"));
      return line;
    }),
  );
  draw();
}

function pairs(list, values) {
  list.replaceChildren(
    ...values.map(([name, value]) => {
      const item = made("div");
      item.append(made("dt", name), made("dd", value));
      return item;
    }),
  );
}

function draw() {
  if (!shown) return;
  losses(by("learning"), shown.training, shown.validation);
  by("learning-said").textContent = shown.training.length
    ? "Loss after each epoch: training grey, validation yellow."
    : "This recipe learns in one go, without epochs.";
  shares(by("distribution"), shown.distribution, shown.odd);
  by("distribution-said").textContent = shown.distribution.length
    ? "Share of all moments by their score; from yellow on they count as odd."
    : "The recordings it learned from are not beside the taste.";
}

addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

try {
  const folder = await ask("api/folder");
  by("where").textContent = folder.folder ? `Folder ${folder.folder}` : "";
  for (const shelf of ["folder", "shipped"]) {
    const there = folder.tastes.filter((one) => one.shelf === shelf);
    if (there.length) by("tastes").append(made("li", shelf === "folder" ? folder.folder : "Comes with Offcut", "group"));
    for (const taste of there) {
      const item = made("li");
      const row = made("button", taste.name);
      row.type = "button";
      row.disabled = Boolean(taste.trouble);
      row.append(made("small", taste.trouble || `${length(taste.duration_s)} in ${taste.recordings}`));
      row.addEventListener("click", () => choose(taste, row));
      item.append(row);
      by("tastes").append(item);
    }
  }
} catch (error) {
  tell(by("error"), error.message);
}
