// Page Visualise and compare: several recordings with several tastes; what is chosen in one plot is chosen in all.

import { Doing, ask, base, by, clock, made, tell } from "./api.js";
import * as charts from "./charts.js";
import { savePicture, saveTable } from "./exports.js";
import { recordings } from "./recordings.js";
import { Wave } from "./wave.js";

const MOST_ROWS = 12;
const PLOTS = ["curves", "shares", "map", "ranking"];
const doing = new Doing();
const audio = by("audio");
let picked = [];
let shown = null;
let chosen = new Set();
let current = -1;
let playing = -1;

const wave = new Wave(by("wave"), windowsDrawn, (at) => listen(playing, at));
const figure = (value) => value.toFixed(2);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const tastesPicked = () => [...by("tastes").querySelectorAll('[aria-pressed="true"]')].map((row) => row.dataset.taste);

// What is to be compared

function asked() {
  const [some, tastes] = [picked.length, tastesPicked().length];
  const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  by("compare").disabled = !some || !tastes;
  by("asked").textContent = some || tastes ? `${many(some, "recording")}, ${many(tastes, "taste")}` : "Choose recordings and tastes.";
}

by("compare").addEventListener("click", async () => {
  const found = await doing.follow("api/compare", { recordings: picked.map((one) => one.key), tastes: tastesPicked() });
  if (found) show(found);
});

function show(found) {
  shown = found;
  chosen = new Set();
  current = playing = -1;
  audio.pause();
  audio.removeAttribute("src");
  by("player").hidden = true;
  by("welcome").hidden = true;
  by("work").hidden = false;
  tell(by("left-out"), found.left_out.length ? `Left out: ${found.left_out.join(" ")}` : "");
  const options = (list, selected) => list.map(([value, text]) => Object.assign(made("option", text), { value, selected: value === selected }));
  const each = found.tastes.map((name, number) => [String(number), name]);
  const several = each.length > 1;
  by("rank").replaceChildren(...options(several ? [...each, ["apart", "Largest difference between the tastes"]] : each, "0"));
  by("colours").replaceChildren(...options([...(several ? [["-1", "Taste with the lowest score"]] : []), ...each.map(([value, name]) => [value, `Score of ${name}`])]));
  by("map-said").textContent = "Near points sound alike. Positions come from the sound alone, the same for all tastes; "
    + `colours show the tastes. The plane shows ${percent(found.explained)} of the differences in sound.`;
  draw();
}

function draw() {
  if (!shown) return;
  charts.curves(by("curves"), shown).then(listenTo("curves"));
  choice();
  tables();
}

// Choosing

const rankValue = (number) => {
  const scores = shown.passages.scores.map((one) => one[number]);
  return by("rank").value === "apart" ? Math.max(...scores) - Math.min(...scores) : scores[Number(by("rank").value)];
};
const every = () => shown.passages.recording.map((_, number) => number);
const ranked = () => every().sort((one, other) => rankValue(other) - rankValue(one) || one - other);
const taste = () => (by("rank").value === "apart" ? 0 : Number(by("rank").value));
const recordingsRanked = () => [...shown.recordings.keys()].sort((one, other) => shown.recordings[other].mean[taste()] - shown.recordings[one].mean[taste()]);
const of = (recording) => every().filter((number) => shown.passages.recording[number] === recording);

function choose(numbers, { add = false, at = null, play = false } = {}) {
  chosen = new Set(add ? [...chosen, ...numbers] : numbers);
  if (numbers.length) {
    current = numbers[0];
    follow(shown.passages.recording[current]);
    if (play) listen(playing, at ?? shown.passages.start_s[current]);
    else if (audio.paused) seek(at ?? shown.passages.start_s[current]);
  }
  choice();
}

function choice() {
  charts.curvesChosen(by("curves"), shown, chosen);
  charts.shares(by("shares"), shown, chosen).then(listenTo("shares"));
  charts.map(by("map"), shown, chosen, Number(by("colours").value)).then(listenTo("map"));
  charts.ranking(by("ranking"), shown, recordingsRanked(), chosen).then(listenTo("ranking"));
  passages();
  wave.windows = charts.runs(shown.passages, chosen).filter(([recording]) => recording === playing).map(([, start, stop]) => [start, stop]);
  wave.draw();
  const text = said();
  by("chosen").textContent = text;
  by("listen").disabled = by("clear").disabled = !chosen.size;
  for (const plot of PLOTS) {
    const count = plot === "ranking" ? shown.recordings.length : shown.passages.recording.length;
    const values = { "aria-valuemin": 1, "aria-valuemax": count, "aria-valuenow": Math.max(1, Math.min(count, current + 1)), "aria-valuetext": text };
    for (const [name, value] of Object.entries(values)) by(plot).setAttribute(name, value);
  }
}

function said() {
  if (!chosen.size) return "Nothing is chosen.";
  const scores = shown.tastes.map((name, number) => {
    const mean = [...chosen].reduce((sum, one) => sum + shown.passages.scores[number][one], 0) / chosen.size;
    return `${name} ${figure(mean)}`;
  });
  const first = [...chosen][0];
  const where = chosen.size === 1
    ? `${shown.recordings[shown.passages.recording[first]].name}, ${charts.span(shown.passages, first)}`
    : `${chosen.size} passages in ${new Set([...chosen].map((one) => shown.passages.recording[one])).size} of ${shown.recordings.length} recordings`;
  return `${where}: ${scores.join(", ")}`;
}

function windowsDrawn() {
  if (!shown || playing < 0 || !wave.windows.length) return;
  choose(of(playing).filter((one) => wave.windows.some(([start, stop]) => shown.passages.start_s[one] < stop && shown.passages.stop_s[one] > start)));
}

// Listening

function follow(recording) {
  if (recording === playing) return;
  playing = recording;
  by("player").hidden = false;
  const { key, duration_s } = shown.recordings[recording];
  audio.src = `${base}api/recordings/${key}/listen`;
  wave.show({ key, duration_s });
}

function seek(at) {
  audio.currentTime = at;
  wave.at = at;
  wave.draw();
}

function listen(recording, at) {
  if (recording < 0) return;
  seek(at);
  audio.play().catch(() => tell(by("error"), "This recording cannot be played any more: compare again."));
}

function toggle() {
  if (!audio.paused) audio.pause();
  else if (current >= 0) listen(playing, shown.passages.start_s[current]);
}

function moved() {
  wave.at = audio.currentTime;
  wave.draw();
  if (!audio.paused) requestAnimationFrame(moved);
}

audio.addEventListener("play", () => { by("listen").textContent = "Pause"; moved(); });
// Another recording ends the playing without a pause.
for (const end of ["pause", "emptied"]) audio.addEventListener(end, () => { by("listen").textContent = "Listen"; });
by("listen").addEventListener("click", toggle);
by("clear").addEventListener("click", () => choose([]));

// Mouse and keys

const events = {
  curves: {
    click: (points, event) => {
      const { data, x } = points[0];
      const recording = data.yaxis === "y" ? 0 : Number(data.yaxis.slice(1)) - 1;
      const at = place(event, x);
      const here = of(recording).find((one) => at < shown.passages.stop_s[one]) ?? of(recording).at(-1);
      choose([here], { add: event.shiftKey, at, play: true });
    },
    range: ({ x, ...rest }) => {
      const key = Object.keys(rest)[0];
      const recording = key === "y" ? 0 : Number(key.slice(1)) - 1;
      const [start, stop] = [...x].sort((one, other) => one - other);
      return of(recording).filter((one) => shown.passages.start_s[one] < stop && shown.passages.stop_s[one] > start);
    },
  },
  shares: {
    click: ([{ customdata, pointNumber }], event) => choose(
      ranked().filter((one) => charts.bin(shown.passages.scores[customdata][one]) === Math.max(0, Math.min(charts.BINS - 1, pointNumber - 1))), { add: event.shiftKey, play: true },
    ),
    range: ({ x }) => {
      const [low, high] = [...x].sort((one, other) => one - other);
      return ranked().filter((one) => shown.passages.scores.some((scores) => scores[one] >= low && scores[one] <= high));
    },
  },
  map: {
    click: ([{ customdata }], event) => choose([customdata], { add: event.shiftKey, play: true }),
    range: ({ x, y }) => {
      const within = (value, [one, other]) => value >= Math.min(one, other) && value <= Math.max(one, other);
      return every().filter((one) => within(shown.passages.x[one], x) && within(shown.passages.y[one], y));
    },
  },
  ranking: {
    click: ([{ customdata }], event) => choose(of(customdata), { add: event.shiftKey, play: true }),
  },
};

// The time under the mouse: a point of the curve may be some seconds away.
function place(event, otherwise) {
  const { _size: size } = by("curves")._fullLayout ?? {};
  if (!size || !event.clientX) return otherwise;
  const { left } = by("curves").getBoundingClientRect();
  const longest = Math.max(...shown.recordings.map((one) => one.duration_s));
  return Math.max(0, ((event.clientX - left - size.l) / size.w) * longest);
}

function listenTo(name) {
  return (plot) => {
    if (plot.dataset.listens) return;
    plot.dataset.listens = "yes";
    plot.on("plotly_click", ({ points, event }) => events[name].click(points, event));
    plot.on("plotly_selected", (found) => { if (found?.range) choose(events[name].range(found.range)); });
  };
}

const near = (list, number, step) => list[Math.max(0, Math.min(list.length - 1, list.indexOf(number) + step))];

function sideways(number, [dx, dy]) {
  const { x, y } = shown.passages;
  let [best, least] = [number, Infinity];
  for (const other of every()) {
    const [ax, ay] = [x[other] - x[number], y[other] - y[number]];
    const along = ax * dx + ay * dy;
    const across = Math.abs(ax * dy) + Math.abs(ay * dx);
    if (along > 1e-6 && along + 2 * across < least) [best, least] = [other, along + 2 * across];
  }
  return best;
}

const steps = {
  curves: (number, [dx, dy]) => {
    if (dx) return [near(every(), number, dx)];
    const [here, at] = [shown.passages.recording[number], shown.passages.start_s[number]];
    const there = of(Math.max(0, Math.min(shown.recordings.length - 1, here - dy)));
    return [there.findLast((one) => shown.passages.start_s[one] <= at) ?? there[0]];
  },
  shares: (number, [dx, dy]) => [near(ranked().reverse(), number, dx || dy)],
  map: (number, direction) => [sideways(number, direction)],
  ranking: (number, [dx, dy]) => of(near(recordingsRanked(), shown.passages.recording[number], dx || -dy)),
};
const first = {
  curves: () => [0], shares: () => [ranked().at(-1)], map: () => [every().sort((one, other) => shown.passages.x[one] - shown.passages.x[other])[0]],
  ranking: () => of(recordingsRanked()[0]),
};
const last = {
  curves: () => [every().at(-1)], shares: () => [ranked()[0]], map: () => [every().sort((one, other) => shown.passages.x[other] - shown.passages.x[one])[0]],
  ranking: () => of(recordingsRanked().at(-1)),
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

for (const plot of PLOTS) {
  by(plot).addEventListener("keydown", (event) => {
    if (!shown || event.ctrlKey || event.altKey || event.metaKey) return;
    const add = event.shiftKey;
    if (ARROWS[event.key]) choose(current < 0 ? first[plot]() : steps[plot](current, ARROWS[event.key]), { add });
    else if (event.key === "Home") choose(first[plot](), { add });
    else if (event.key === "End") choose(last[plot](), { add });
    else if (event.key === "Escape") choose([]);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  });
}
by("rank").addEventListener("change", () => { if (shown) { choice(); tables(); } });
by("colours").addEventListener("change", () => { if (shown) choice(); });

// Tables

function row(cells, tag = "td") {
  const line = made("tr");
  for (const [number, cell] of cells.entries()) {
    const one = cell instanceof Node ? made(tag) : made(tag, cell, number && cell !== "Play" ? `number ${tag === "td" ? "mono" : ""}` : "");
    if (cell instanceof Node) one.append(cell);
    if (tag === "th") one.scope = "col";
    line.append(one);
  }
  return line;
}

function passages() {
  const order = ranked();
  const listed = chosen.size > 1 ? order.filter((one) => chosen.has(one)) : order;
  const rows = listed.slice(0, MOST_ROWS);
  if (chosen.size === 1 && !rows.includes(current)) rows.push(current);
  by("passages-said").textContent = chosen.size > 1 ? `${rows.length} of ${chosen.size} chosen` : `${rows.length} of ${order.length}`;
  by("passages-head").replaceChildren(row(["Recording", "Rank", "From – to", ...shown.tastes, "Play"], "th"));
  by("passages").replaceChildren(...rows.map((one) => {
    const button = made("button", "Listen");
    button.type = "button";
    button.setAttribute("aria-label", `Listen to ${shown.recordings[shown.passages.recording[one]].name}, ${charts.span(shown.passages, one)}`);
    button.addEventListener("click", () => choose([one], { play: true }));
    const line = row([
      shown.recordings[shown.passages.recording[one]].name, String(order.indexOf(one) + 1), charts.span(shown.passages, one),
      ...shown.passages.scores.map((scores) => figure(scores[one])), button,
    ]);
    line.classList.toggle("on", chosen.has(one));
    return line;
  }));
}

const numbers = {
  curves: () => [
    ["recording", "time_s", "taste", "score"],
    ...shown.recordings.flatMap(({ name, curves }) => curves.flatMap(({ times_s, scores }, number) => times_s.map((at, point) => [name, at, shown.tastes[number], scores[point]]))),
  ],
  shares: () => {
    const all = shown.passages.scores.map((scores) => charts.counts(scores, every()));
    return [["score_from", "score_to", ...shown.tastes], ...all[0].map((_, one) => [one / charts.BINS, (one + 1) / charts.BINS, ...all.map((shares) => shares[one].toFixed(5))])];
  },
  map: () => [
    ["recording", "from_s", "to_s", "x", "y", ...shown.tastes, "lowest_score", "chosen"],
    ...every().map((one) => [...place_of(one), shown.passages.x[one], shown.passages.y[one], ...scores_of(one), shown.tastes[charts.fitting(shown, one)], chosen.has(one) ? "yes" : "no"]),
  ],
  ranking: () => [
    ["rank", "recording", "from_s", "to_s", ...shown.tastes, "chosen"],
    ...ranked().map((one, rank) => [rank + 1, ...place_of(one), ...scores_of(one), chosen.has(one) ? "yes" : "no"]),
  ],
};
const place_of = (one) => [shown.recordings[shown.passages.recording[one]].name, shown.passages.start_s[one], shown.passages.stop_s[one]];
const scores_of = (one) => shown.passages.scores.map((scores) => scores[one]);

function tables() {
  const table = (id, head, rows) => {
    const whole = made("table");
    const [top, body] = [made("thead"), made("tbody")];
    top.append(row(head, "th"));
    body.append(...rows.map((cells) => row(cells)));
    whole.append(top, body);
    by(id).replaceChildren(whole);
  };
  const { tastes } = shown;
  table("curves-table", ["Recording", "Length", ...tastes.flatMap((name) => [`${name}: mean`, `${name}: 95th percentile`, `${name}: above ${figure(shown.odd)}`])],
    recordingsRanked().map((number) => shown.recordings[number]).map((one) => [one.name, clock(one.duration_s), ...tastes.flatMap((_, at) => [figure(one.mean[at]), figure(one.high[at]), percent(one.above[at])])]));
  table("shares-table", ["Score", ...tastes], numbers.shares().slice(1).map(([from, to, ...rest]) => [`${figure(from)} – ${figure(to)}`, ...rest.map((share) => percent(Number(share)))]));
  table("map-table", ["Recording", "Sounds most like", ...tastes.map((name) => `${name} scores lowest`)], shown.recordings.map((one, number) => {
    const best = of(number).map((passage) => charts.fitting(shown, passage));
    return [one.name, neighbour(number), ...tastes.map((_, at) => percent(best.filter((found) => found === at).length / best.length))];
  }));
}

function neighbour(number) {
  const centre = (recording) => ["x", "y"].map((axis) => of(recording).reduce((sum, one) => sum + shown.passages[axis][one], 0) / of(recording).length);
  const [x, y] = centre(number);
  const far = shown.recordings.map((_, other) => (other === number ? Infinity : Math.hypot(centre(other)[0] - x, centre(other)[1] - y)));
  return shown.recordings.length > 1 ? shown.recordings[far.indexOf(Math.min(...far))].name : "–";
}

// Saving

for (const place of document.querySelectorAll("[data-saves]")) {
  const name = place.dataset.saves;
  const title = by(`${name}-title`).textContent;
  const save = { PNG: () => savePicture(name, by(name), "png"), SVG: () => savePicture(name, by(name), "svg"), CSV: () => saveTable(name, numbers[name]()) };
  for (const [kind, act] of Object.entries(save)) {
    const button = made("button", kind);
    button.type = "button";
    button.setAttribute("aria-label", `${kind}: save ${title}`);
    button.addEventListener("click", () => { if (shown) act(); });
    place.append(button);
  }
}
matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

try {
  const folder = await recordings((list) => { picked = list; asked(); }, "most_recordings");
  for (const one of folder.tastes) {
    const item = made("li");
    const button = made("button", one.name);
    button.type = "button";
    button.disabled = Boolean(one.trouble);
    button.dataset.taste = one.taste;
    button.setAttribute("aria-pressed", "false");
    button.append(made("small", one.trouble || (one.shelf === "folder" ? folder.folder : "Comes with Offcut")));
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") === "true";
      if (!on && tastesPicked().length >= folder.most_tastes) return tell(by("side-error"), `Up to ${folder.most_tastes} tastes are compared: leave another one out first.`);
      tell(by("side-error"), "");
      button.setAttribute("aria-pressed", String(!on));
      asked();
    });
    item.append(button);
    by("tastes").append(item);
  }
} catch (error) {
  tell(by("side-error"), error.message);
}
