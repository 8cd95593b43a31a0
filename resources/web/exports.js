// Saving what the page Compare shows: a plot as PNG or SVG, and numbers as CSV.

const SIGNS = /[",\r\n]/;
const SHARPNESS = 2;

function field(value) {
  const text = String(value ?? "");
  return SIGNS.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveTable(name, rows) {
  const text = rows.map((row) => row.map(field).join(",")).join("\r\n");
  save(new Blob([text, "\r\n"], { type: "text/csv;charset=utf-8" }), `${name}.csv`);
}

export async function savePicture(name, place, kind) {
  const { width, height } = place.getBoundingClientRect();
  const address = await window.Plotly.toImage(place, { format: "svg", width: Math.round(width), height: Math.round(height) });
  if (kind === "svg") {
    save(new Blob([decodeURIComponent(address.slice(address.indexOf(",") + 1))], { type: "image/svg+xml" }), `${name}.svg`);
    return;
  }
  // Plotly draws a PNG by an address that the pages' policy refuses; this one it allows.
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SHARPNESS * Math.round(width);
  canvas.height = SHARPNESS * Math.round(height);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  save(await new Promise((done) => canvas.toBlob(done, "image/png")), `${name}.png`);
}

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
